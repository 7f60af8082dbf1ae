import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.ass import SPOKEN, caption_ass
from clipper_assets.captions.layout import WORD_MARGIN, Captions
from clipper_assets.captions.lines import CaptionWord, text_of
from clipper_assets.captions.styles import CaptionStyle, load_style, style_names
from clipper_assets_tests.captions.drawing import GREY, PORTRAIT, captions_of, drawn, drawn_boxes, first_frame, ink
from clipper_assets_tests.captions.test_lines import talks
from clipper_assets_tests.support.media import frames, words

COMMANDS = re.compile(r"\{(.*?)\}")
SOFT_PX = 2
"""Tolerance for the smoothed edges of letters."""


def events(captions: Captions) -> list[pysubs2.SSAEvent]:
    return pysubs2.SSAFile.from_string(caption_ass(captions)).events


def letters_of(event: pysubs2.SSAEvent) -> str:
    return COMMANDS.sub("", event.text)


def plain(**changes: object) -> CaptionStyle:
    """White letters without outline or shadow, the spoken word in red."""
    bare = {"outline_px": 0, "shadow_px": 0, "text_colour": "#ffffff", "highlight_colour": "#ff0000"}
    return load_style("classic", bare | changes)


def word_lists(number: int, seed: int) -> list[list[str]]:
    """Lists of random words in several scripts, from one letter to more than a line, some with unusual characters."""
    chance = random.Random(seed)
    alphabets = [
        "abcdefghijklmnopqrstuvwxyz",
        "ÄÖÅÇgjpqy'-.,!",
        "WMQ@&%$0123456789",
        "жщыюйфц",
        "אבגדהושת",
        "صضعغجحخليم",
    ]

    def word() -> str:
        alphabet = chance.choices(alphabets, [6, 2, 2, 1, 1, 1])[0]
        return "".join(chance.choices(alphabet, k=chance.choice([1, 2, 3, 5, 8, 12, 25])))

    return [[word() for _ in range(chance.randint(1, 9))] for _ in range(number)]


@pytest.mark.parametrize("style_name", style_names())
def test_libass_draws_random_words_inside_the_computed_boxes_and_the_safe_area(style_name: str, tmp_path: Path) -> None:
    number = 23  # per style, so more than 200 in all
    spoken_words = [
        CaptionWord(
            text, second + 0.9 * place / len(texts), second + 0.9 * (place + 1) / len(texts), second, str(second)
        )
        for second, texts in enumerate(word_lists(number, seed=style_names().index(style_name)))
        for place, text in enumerate(texts)
    ]
    captions = captions_of(spoken_words, load_style(style_name), float(number))
    safe = PORTRAIT.safe
    measured = drawn_boxes(captions, tmp_path, rate=2)
    assert len(measured) == 2 * number
    for frame, ink_box in enumerate(measured):
        assert ink_box is not None
        lines = [line.box for line in captions.boxes if line.start_s - 0.01 <= frame / 2 < line.end_s]
        assert min(line.left for line in lines) - SOFT_PX <= ink_box.left
        assert ink_box.right <= max(line.right for line in lines) + SOFT_PX
        assert min(line.top for line in lines) - SOFT_PX <= ink_box.top
        assert ink_box.bottom <= max(line.bottom for line in lines) + SOFT_PX
        assert safe.left <= ink_box.left < ink_box.right <= safe.right
        assert safe.top <= ink_box.top < ink_box.bottom <= safe.bottom


@pytest.mark.parametrize("style_name", style_names())
def test_only_the_spoken_word_changes_from_one_picture_to_the_next(style_name: str, tmp_path: Path) -> None:
    captions = captions_of(words("Ana told 3 men", each_s=0.5), load_style(style_name), 2.0)
    pictures = [picture.astype(int) for _, picture in frames(drawn(captions, tmp_path, rate=2), "rgb24")]
    shown = [(block, word) for block in captions.blocks for line in block.lines for word in line.words]
    assert len(shown) == len(pictures) == 4
    reach = WORD_MARGIN * captions.style.font_size + SOFT_PX
    for number, ((block, word), (next_block, next_word)) in enumerate(pairwise(shown)):
        changed = np.flatnonzero((np.abs(pictures[number] - pictures[number + 1]) > 8).any(axis=2).any(axis=0))
        assert changed.size or style_name == "subtitle"
        if block is next_block and changed.size:
            assert min(word.cell.left, next_word.cell.left) - reach <= changed[0]
            assert changed[-1] <= max(word.cell.right, next_word.cell.right) + reach


@pytest.mark.parametrize("style_name", style_names())
def test_two_lines_do_not_cover_each_other(style_name: str, tmp_path: Path) -> None:
    changes: dict[str, object] = {
        "text_colour": "#ffffff",
        "highlight_colour": "#ffffff",
        "speaker_colours": (),
        "panel_colour": None,
        "underline_colour": None,
        "upcoming_opacity": 1,
        "uppercase": False,
        "max_lines": 2,
        "words_per_page": 8,
        "font_size": 38,
    }
    style = load_style(style_name, changes)

    def letters(text: str) -> int:
        folder = tmp_path / str(len(text))
        folder.mkdir()
        return int((first_frame(captions_of(words(text), style, 1.0), folder).min(axis=2) > 200).sum())

    above, below = "gypsy-jugglers jogging-quickly-to,", "queueing-quaintly-at Ärger-loudly"
    (page,) = captions_of(words(f"{above} {below}"), style).pages
    assert [text_of(line) for line in page.lines] == [above, below]
    both, apart = letters(f"{above} {below}"), letters(above) + letters(below)
    assert both > 3_000
    assert both == pytest.approx(apart, rel=0.02)


@settings(deadline=None)  # the first example loads the fonts
@given(talks(), st.sampled_from(style_names()))
def test_every_word_is_highlighted_once_in_order_within_its_page_and_the_clip(
    talk: tuple[list[CaptionWord], float], style_name: str
) -> None:
    captions = captions_of(talk[0], load_style(style_name), talk[1])
    highlights = [event for event in events(captions) if event.name == SPOKEN]
    spans = [
        (word, span)
        for page in captions.pages
        for word, span in zip(page.words, pairwise([*(word.start_s for word in page.words), page.end_s]), strict=True)
    ]
    visible = [(word, span) for word, span in spans if round(span[0] * 100) < round(span[1] * 100)]
    shown, spoken_words = ("".join(word.text for word in words) for words in ([word for word, _ in spans], talk[0]))
    assert shown.replace("-", "") == spoken_words.replace("-", "")  # a word that is broken gets hyphens
    assert [letters_of(event) for event in highlights] == [
        captions._column.setter.shown(word.text, "") for word, _ in visible
    ]
    for event, (_, span) in zip(highlights, visible, strict=True):
        assert (event.start, event.end) == (round(span[0] * 100) * 10, round(span[1] * 100) * 10)
    for event in events(captions):
        assert 0 <= event.start < event.end <= round(talk[1] * 100) * 10


def test_a_word_is_highlighted_from_its_start_to_that_of_the_next() -> None:
    spoken_words = [
        CaptionWord("start", 0.5, 0.8, 0, None),
        CaptionWord("small", 1.0, 1.3, 0, None),
        CaptionWord("we", 2.5, 2.7, 0, None),
        CaptionWord("go", 2.7, 2.9, 0, None),
    ]
    highlights = [
        event for event in events(captions_of(spoken_words, load_style("classic"), 10.0)) if event.name == SPOKEN
    ]
    assert [(event.start, event.end, letters_of(event)) for event in highlights] == [
        (500, 1000, "start"),
        (1000, 1800, "small"),
        (2500, 2700, "we"),
        (2700, 3400, "go"),
    ]


@pytest.mark.parametrize("text", [r"{\an8}", r"\N", "{", "}", r"\h", r"{\fs300}big", "{}", "\\"])
def test_text_never_becomes_a_command(text: str) -> None:
    event = next(
        event for event in events(captions_of(words(f"a{text}b"), load_style("classic"))) if event.name == SPOKEN
    )
    shown = letters_of(event)
    assert len(COMMANDS.findall(event.text)) == 1
    assert not set(shown) & set("{}")
    assert shown.count("\\") == shown.count("\\\u2060") == text.count("\\")
    assert len(shown.replace("\u2060", "")) == len(f"a{text}b")


def colours_of(captions: Captions) -> dict[str, str]:
    """The colour of each word in its first event: before it is spoken, or while it is spoken if it comes first."""
    colours: dict[str, str] = {}
    for event in events(captions):
        colour = re.search(r"\\1c&H(..)(..)(..)&", event.text)
        if event.style == "Letters" and colour:
            colours.setdefault(letters_of(event), f"#{colour[3]}{colour[2]}{colour[1]}")
    return colours


def test_each_speaker_has_a_colour_and_emphasis_overrides_it() -> None:
    spoken_words = [
        CaptionWord("So", 0.0, 0.1, 0, "Ana"),
        CaptionWord("hello", 0.1, 0.4, 0, "Ana"),
        CaptionWord("Then", 0.5, 0.6, 1, "Ben"),
        CaptionWord("bread", 0.6, 0.7, 1, "Ben", is_key=True),
        CaptionWord("costs", 0.7, 0.8, 1, "Ben"),
        CaptionWord("$5,", 0.8, 0.9, 1, "Ben"),
        CaptionWord("okay", 1.0, 1.2, 2, "Ana"),
        CaptionWord("sure", 1.2, 1.3, 2, "Ana"),
    ]
    changes = {"speaker_colours": ["#111111", "#222222"], "emphasis_colour": "#333333", "highlight_colour": None}
    assert colours_of(captions_of(spoken_words, load_style("classic", changes), 5.0)) == {
        "So": "#111111",
        "hello": "#111111",
        "Then": "#222222",
        "bread": "#333333",
        "costs": "#222222",
        "$5,": "#333333",
        "okay": "#111111",
        "sure": "#111111",
    }


@pytest.mark.parametrize("spoken_words", ["שלום עולם טוב.", "من هنا نبدأ.", "יש iPhone חדש."])
def test_the_words_of_a_right_to_left_line_are_highlighted_from_right_to_left(
    spoken_words: str, tmp_path: Path
) -> None:
    captions = captions_of(words(spoken_words, each_s=0.5), plain(), 1.5)
    centers_px, edges_px = [], []
    for _, drawn_picture in frames(drawn(captions, tmp_path, rate=2), "rgb24"):
        picture = drawn_picture.astype(int)
        red = (picture[..., 0] > 200) & (picture[..., 1] < 60)
        centers_px.append(float(np.flatnonzero(red.any(axis=0)).mean()))
        edges_px.append(ink(drawn_picture))
    first, second, third = centers_px
    assert first > second > third
    assert first > PORTRAIT.width_px / 2 > third
    assert edges_px[0] == edges_px[1] == edges_px[2]


def test_punctuation_of_a_right_to_left_word_is_mirrored_and_on_the_correct_side(tmp_path: Path) -> None:
    pictures = []
    for folder, text in ((tmp_path / "round", "(שלום)"), (tmp_path / "question", "מה?!")):
        folder.mkdir()
        picture = first_frame(captions_of(words(text), plain()), folder)
        left, top, right, bottom = ink(picture)
        pictures.append(picture[top:bottom, left:right, 0] > 200)
    bracketed, question = pictures
    assert bracketed[len(bracketed) // 2, :4].any()  # the belly of the bracket that opens to the right
    assert question[4 : len(question) // 2, 3].all()  # the stroke of the exclamation mark


def test_the_hook_is_shown_first_and_fades_out(tmp_path: Path) -> None:
    captions = captions_of(words("one two"), load_style("pop"), 4.0, "Nobody expected this")
    drawn_pixels = [
        int((np.abs(picture[:700].astype(int) - GREY) > 12).sum()) for _, picture in frames(drawn(captions, tmp_path))
    ]
    assert drawn_pixels[0] == drawn_pixels[2] > 10_000
    assert drawn_pixels[3] == 0


def test_a_clip_without_words_has_no_events() -> None:
    assert events(captions_of([], load_style("pop"))) == []
    assert {event.layer for event in events(captions_of([], load_style("pop"), hook="Only this"))} == {0, 3}


def test_every_ass_style_names_the_font_of_the_captions() -> None:
    for name in style_names():
        captions = captions_of(words("a"), load_style(name))
        subs = pysubs2.SSAFile.from_string(caption_ass(captions))
        assert {style.fontname for style in subs.styles.values()} == {captions.faces[0].ass_name}
