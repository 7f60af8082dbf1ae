from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clipper_assets.captions.lines import (
    FLICKER_S,
    HOLD_S,
    PAUSE_S,
    SHORT_CHARACTERS,
    CaptionWord,
    Page,
    Ruler,
    paginate,
    text_of,
)
from clipper_assets_tests.support.media import words

WIDTH = 16


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[CaptionWord], float]:
    """Words as a speech engine may return them (they may overlap), and the length of the clip."""
    spoken_words: list[CaptionWord] = []
    start_s, sentence, speaker = draw(st.floats(0, 2)), 0, "A"
    for text in draw(st.lists(st.text("abcW'-.,", min_size=1, max_size=30), max_size=25)):
        spoken_words.append(CaptionWord(text, start_s, start_s + draw(st.floats(0.01, 1.5)), sentence, speaker))
        start_s += draw(st.floats(0, 2))
        if draw(st.booleans()):
            sentence += 1
            speaker = draw(st.sampled_from("AB"))
    last_start_s = spoken_words[-1].start_s if spoken_words else 0.0
    return spoken_words, last_start_s + draw(st.floats(0.05, 3))


def pages_of(talk: tuple[list[CaptionWord], float], max_words: int = 6, max_lines: int = 2) -> list[Page]:
    return paginate(talk[0], measure=len, max_width=WIDTH, max_words=max_words, max_lines=max_lines, clip_s=talk[1])


def written(text: str, max_words: int = 6, width: float = WIDTH) -> list[list[str]]:
    """The lines of each page of an English sentence."""
    spoken_words = [CaptionWord(word.text, word.start_s, word.end_s, 0, None, "en") for word in words(text)]
    pages = paginate(spoken_words, measure=len, max_width=width, max_words=max_words, max_lines=2, clip_s=60.0)
    return [[text_of(line) for line in page.lines] for page in pages]


@settings(deadline=None)
@given(talks(), st.integers(1, 8), st.integers(1, 2))
def test_every_word_is_shown_once_in_order_on_pages_that_fit(
    talk: tuple[list[CaptionWord], float], max_words: int, max_lines: int
) -> None:
    pages = pages_of(talk, max_words, max_lines)
    assert [word for page in pages for word in page.words] == talk[0]
    for page in pages:
        assert 1 <= len(page.lines) <= max_lines
        assert 1 <= len(page.words) <= max_words
        assert all(len(line) == 1 or len(text_of(line)) <= WIDTH for line in page.lines)


@settings(deadline=None)
@given(talks())
def test_pages_follow_each_other_inside_the_clip(talk: tuple[list[CaptionWord], float]) -> None:
    pages = pages_of(talk)
    for page, following in pairwise([*pages, None]):
        assert page is not None
        until_s = following.start_s if following else talk[1]
        held_until_s = page.words[-1].end_s + HOLD_S
        assert page.start_s == page.words[0].start_s <= page.end_s <= until_s
        assert page.end_s == (until_s if until_s - held_until_s < FLICKER_S else held_until_s)


@settings(deadline=None)
@given(talks())
def test_a_page_has_one_speaker_and_no_pause(talk: tuple[list[CaptionWord], float]) -> None:
    for page in pages_of(talk):
        for word, following in pairwise(page.words):
            assert word.speaker == following.speaker
            assert following.start_s - word.end_s <= PAUSE_S


def fits(texts: list[str]) -> bool:
    """Whether the words fit on one page, in one or two lines."""
    halves = ([texts], *([texts[:at], texts[at:]] for at in range(1, len(texts))))
    return any(all(len(line) == 1 or len(" ".join(line)) <= WIDTH for line in lines) for lines in halves)


def partitions(texts: list[str], max_words: int) -> Iterator[list[list[str]]]:
    """Every way to split words into pages."""
    for number in range(len(texts)):
        for inner in combinations(range(1, len(texts)), number):
            pages = [texts[start:end] for start, end in pairwise((0, *inner, len(texts)))]
            if all(len(page) <= max_words and fits(page) for page in pages):
                yield pages


@settings(deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=17), min_size=1, max_size=9), st.integers(2, 5))
def test_single_word_pages_are_as_few_as_possible(texts: list[str], max_words: int) -> None:
    pages = pages_of((list(words(" ".join(texts))), 60.0), max_words)
    alone = sum(len(page.words) == 1 for page in pages)
    assert alone == min(sum(len(page) == 1 for page in pages) for pages in partitions(texts, max_words))


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("so when did you come BACK?", [["so when did", "you come BACK?"]]),
        ("it was hot, and we had no water", [["it was hot,"], ["and we had", "no water"]]),
        ("they met at the mill before noon", [["they met"], ["at the mill", "before noon"]]),
    ],
)
def test_pages_and_lines_break_at_phrases(text: str, pages: list[list[str]]) -> None:
    assert written(text) == pages


@example(["mill,", "of", "grandmothers"])
@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "bread", "mill,", "of", "grandmothers", "sourdough,", "mmmmmmmmmmmmmmmmm"]),
        min_size=2,
        max_size=7,
    )
)
def test_lines_of_one_short_word_are_as_few_as_possible(texts: list[str]) -> None:
    def alone(lines: Iterable[Sequence[str]]) -> int:
        return sum(len(line) == 1 and len(line[0]) <= SHORT_CHARACTERS for line in lines)

    spoken_words = [CaptionWord(text, 0.0, 1.0, 0, None, "en") for text in texts]
    broken = Ruler(spoken_words, len).lines(0, len(texts), WIDTH, 2)
    halves = [(texts[:at], texts[at:]) for at in range(1, len(texts))]
    options = [lines for lines in halves if all(len(line) == 1 or len(" ".join(line)) <= WIDTH for line in lines)]
    assert (broken is None) == (not fits(texts))
    if broken and len(broken[1]) == 2:
        assert alone([word.text for word in line] for line in broken[1]) == min(map(alone, options))


def test_a_page_ends_with_its_sentence_unless_that_leaves_a_single_word() -> None:
    spoken_words = [*words("we saw it all"), *words("then we left", start_s=1.6)]
    apart = [
        CaptionWord(word.text, word.start_s, word.end_s, number // 4, None) for number, word in enumerate(spoken_words)
    ]
    pages = paginate(apart, measure=len, max_width=40, max_words=8, max_lines=2, clip_s=9.0)
    assert [text_of(page.words) for page in pages] == ["we saw it all", "then we left"]
    lone = [
        CaptionWord(word.text, word.start_s, word.end_s, int(number > 0), None)
        for number, word in enumerate(spoken_words)
    ]
    pages = paginate(lone, measure=len, max_width=40, max_words=8, max_lines=2, clip_s=9.0)
    assert min(len(page.words) for page in pages) > 1


def test_two_lines_have_nearly_the_same_width() -> None:
    (page,) = pages_of((list(words("and they came with buckets")), 5.0))
    assert [text_of(line) for line in page.lines] == ["and they came", "with buckets"]


def test_a_word_wider_than_a_line_gets_its_own_line() -> None:
    (page,) = pages_of((list(words("so Donaudampfschifffahrtsgesellschaft it is")), 5.0), max_words=2)[:1]
    assert [text_of(line) for line in page.lines] == ["so", "Donaudampfschifffahrtsgesellschaft"]


@pytest.mark.parametrize(
    ("spoken_words", "written_text"),
    [
        (["今日は", "天気が", "いいです。"], "今日は天気がいいです。"),
        (["今天", "天气", "很", "好。"], "今天天气很好。"),
        (["วันนี้", "อากาศ", "ดี"], "วันนี้อากาศดี"),
        (["新しい", "iPhone", "です"], "新しい iPhone です"),
        (["مرحبا", "بكم", "جميعا"], "مرحبا بكم جميعا"),
        (["שלום", "לכולם"], "שלום לכולם"),
    ],
)
def test_words_are_joined_with_spaces_only_in_scripts_that_use_them(spoken_words: list[str], written_text: str) -> None:
    assert text_of(words(" ".join(spoken_words))) == written_text
