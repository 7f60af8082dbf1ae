import re
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.clips.captions.ass import (
    HEIGHT_PX,
    SAFE_BOTTOM_PX,
    SAFE_SIDE_PX,
    SAFE_TOP_PX,
    WIDTH_PX,
    caption_ass,
    caption_pages,
)
from clipper_assets.clips.captions.fonts import load_font
from clipper_assets.clips.captions.lines import CaptionWord, text_of
from clipper_assets.clips.captions.styles import CaptionStyle, load_style, style_names
from clipper_assets_tests.clips.captions.drawing import drawn, first_frame, ink
from clipper_assets_tests.clips.captions.test_lines import talks
from clipper_assets_tests.media import Picture, frame_at, words

COMMANDS = re.compile(r"\{(.*?)\}")
HIGHLIGHT = re.compile(r"\{\\1c&H[0-9a-f]{6}&\}(.*?)\{\\1c\}", re.IGNORECASE)
LONG = "so Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz it is"


def events(words: list[CaptionWord], style: CaptionStyle, clip_s: float) -> list[pysubs2.SSAEvent]:
    return pysubs2.SSAFile.from_string(caption_ass(words, style, clip_s)).events


def turns(events: list[pysubs2.SSAEvent]) -> list[tuple[int, int, list[str]]]:
    """Start, end (milliseconds) and the highlighted words of each turn, whose lines are events of the same time."""
    return [
        (start, end, [word for event in group for word in HIGHLIGHT.findall(event.text)])
        for (start, end), group in groupby(events, key=lambda event: (event.start, event.end))
    ]


@given(talks(), st.sampled_from(style_names()))
def test_every_line_lies_inside_the_safe_area(talk: tuple[list[CaptionWord], float], style_name: str) -> None:
    style = load_style(style_name)
    font = load_font(style.font)
    for event in events(talk[0], style, talk[1]):
        commands = COMMANDS.match(event.text)
        assert commands is not None
        place = re.search(r"\\pos\((\d+),(\d+)\)", commands[1])
        assert place is not None
        x_px, y_px = (int(number) for number in place.groups())
        size = re.search(r"\\fs([\d.]+)", commands[1])
        font_size = float(size[1]) if size else style.font_size
        half_px = font.width_px(COMMANDS.sub("", event.text), font_size) / 2 + style.outline_px
        assert SAFE_SIDE_PX <= x_px - half_px < x_px + half_px <= WIDTH_PX - SAFE_SIDE_PX
        half_px = font_size / 2 + style.outline_px
        assert SAFE_TOP_PX <= y_px - half_px < y_px + half_px <= HEIGHT_PX - SAFE_BOTTOM_PX


@pytest.mark.parametrize("style_name", style_names())
@pytest.mark.parametrize("text", ["Gypsy jogging quickly, by Jürgen's Ångström!", LONG, "x" * 90])
def test_what_libass_draws_lies_inside_the_safe_area(style_name: str, text: str, tmp_path: Path) -> None:
    left, top, right, bottom = ink(first_frame(words(text), load_style(style_name), tmp_path))
    soft_px = 2  # the edges of letters are smoothed
    assert SAFE_SIDE_PX - soft_px <= left < right <= WIDTH_PX - SAFE_SIDE_PX + soft_px
    assert SAFE_TOP_PX <= top < bottom <= HEIGHT_PX - SAFE_BOTTOM_PX + soft_px


@pytest.mark.parametrize("style_name", style_names())
def test_no_line_covers_the_other(style_name: str, tmp_path: Path) -> None:
    style = load_style(style_name).model_copy(update={"highlight_colour": "#ffffff", "text_colour": "#ffffff"})

    def letters(text: str) -> int:
        folder = tmp_path / str(len(text))
        folder.mkdir()
        return int((first_frame(words(text), style, folder).min(axis=2) > 200).sum())

    above, below = "gypsy-jugglers jogging", "queueing Ärger-quickly,"
    (page,) = caption_pages(words(f"{above} {below}"), style, 2.0)
    assert [text_of(line) for line in page.lines] == [above, below]
    both, apart = letters(f"{above} {below}"), letters(above) + letters(below)
    assert both > 10_000
    assert both == pytest.approx(apart, rel=0.02)


@given(talks())
def test_turns_fill_their_page_and_light_up_its_words_in_order(talk: tuple[list[CaptionWord], float]) -> None:
    style = load_style("classic")
    found = pysubs2.SSAFile.from_string(caption_ass(talk[0], style, talk[1])).events
    position = 0
    for page in caption_pages(talk[0], style, talk[1]):
        shown = found[position : position + len(page.words) * len(page.lines)]
        position += len(shown)
        first_lines = shown[:: len(page.lines)]
        assert abs(first_lines[0].start - page.start_s * 1000) <= 6
        assert abs(first_lines[-1].end - page.end_s * 1000) <= 6
        assert all(event.end == following.start for event, following in pairwise(first_lines))
        assert HIGHLIGHT.findall(" ".join(event.text for event in shown)) == [word.text for word in page.words]
    assert position == len(found)


def test_a_word_is_lit_from_its_start_to_the_next_ones() -> None:
    said = [
        CaptionWord("start", 0.5, 0.8, 0, None),
        CaptionWord("small", 1.0, 1.3, 0, None),
        CaptionWord("today", 2.5, 2.9, 0, None),
    ]
    assert turns(events(said, load_style("classic"), 10.0)) == [
        (500, 1000, ["start"]),
        (1000, 1800, ["small"]),
        (2500, 3400, ["today"]),
    ]


@pytest.mark.parametrize("nasty", [r"{\an8}", r"\N", "{", "}", r"\h", r"{\fs300}big", "{}", "\\"])
def test_text_never_becomes_a_command(nasty: str) -> None:
    (event,) = events(list(words(f"a{nasty}b")), load_style("classic"), 2.0)
    assert all(re.fullmatch(r"(\\pos\(\d+,\d+\)|\\1c(&H\w{6}&)?)+", found) for found in COMMANDS.findall(event.text))
    shown = COMMANDS.sub("", event.text)
    assert not set(shown) & set("{}")
    assert shown.count("\\") == shown.count("\\\u2060") == nasty.count("\\")
    assert len(shown.replace("\u2060", "")) == len(f"a{nasty}b")


def lit_columns(picture: Picture, style: CaptionStyle) -> tuple[int, int]:
    colour = np.array([int(style.highlight_colour[i : i + 2], 16) for i in (1, 3, 5)])
    columns = np.flatnonzero((np.abs(picture.astype(int) - colour) < 24).all(axis=2).any(axis=0))
    return int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("style_name", style_names())
def test_the_word_being_spoken_lights_up_and_nothing_moves(style_name: str, tmp_path: Path) -> None:
    style = load_style(style_name)
    video = drawn(words("one two", each_s=0.6), style, tmp_path)
    first, second, gone = (frame_at(video, time_s, "rgb24") for time_s in (0.4, 0.6, 1.8))
    assert lit_columns(first, style)[1] < 540 < lit_columns(second, style)[1]
    assert lit_columns(first, style)[1] < lit_columns(second, style)[0]
    assert ink(first) == ink(second)
    assert (gone == gone[0, 0]).all()


@pytest.mark.parametrize(
    ("said", "drawn_text"),
    [
        ("今日は 天気が いい", "今日は天気がいい"),
        ("今天 天气 很", "今天天气很"),
        ("วันนี้ อากาศ ดี", "วันนี้อากาศดี"),
        ("新しい iPhone です", "新しい iPhone です"),
    ],
)
def test_a_line_has_spaces_only_where_its_script_has(said: str, drawn_text: str) -> None:
    style = load_style("pop").model_copy(update={"font_size": 40, "uppercase": False})
    for event in events(list(words(said)), style, 5.0):
        assert COMMANDS.sub("", event.text) == drawn_text


@pytest.mark.parametrize("said", ["שלום עולם טוב.", "من هنا نبدأ.", "יש iPhone חדש."])
def test_the_words_of_a_right_to_left_line_light_up_from_right_to_left(said: str, tmp_path: Path) -> None:
    colours = {"font_size": 60, "highlight_colour": "#ff0000", "text_colour": "#ffffff", "outline_colour": "#ffffff"}
    file = drawn(words(said, each_s=0.6), load_style("classic").model_copy(update=colours), tmp_path)
    centres_px, edges_px = [], []
    for at_s in (0.2, 0.8, 1.4):
        picture = frame_at(file, at_s, "rgb24").astype(int)
        red = (picture[..., 0] > 200) & (picture[..., 1] < 60)
        centres_px.append(float(np.flatnonzero(red.any(axis=0)).mean()))
        edges_px.append(ink(picture.astype(np.uint8)))
    first, second, third = centres_px
    assert first > second > third
    assert first > WIDTH_PX / 2 > third
    assert edges_px[0] == pytest.approx(edges_px[1], abs=3)
    assert edges_px[1] == pytest.approx(edges_px[2], abs=3)
