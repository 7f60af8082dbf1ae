from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.clips.captions.lines import HOLD_S, MAX_LINES, PAUSE_S, CaptionWord, Page, paginate, text_of
from clipper_assets_tests.media import words


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[CaptionWord], float]:
    """Words as an engine may give them (also on top of each other), and the length of the clip around them."""
    said: list[CaptionWord] = []
    start_s, sentence, speaker = draw(st.floats(0, 2)), 0, "A"
    for text in draw(st.lists(st.text("abcW'-.,", min_size=1, max_size=30), max_size=25)):
        said.append(CaptionWord(text, start_s, start_s + draw(st.floats(0.01, 1.5)), sentence, speaker))
        start_s += draw(st.floats(0, 2))
        if draw(st.booleans()):
            sentence += 1
            speaker = draw(st.sampled_from("AB"))
    last_start_s = said[-1].start_s if said else 0.0
    return said, last_start_s + draw(st.floats(0.05, 3))


def pages_of(talk: tuple[list[CaptionWord], float], max_words: int = 6) -> list[Page]:
    return paginate(talk[0], measure=len, max_width=16, max_words=max_words, clip_s=talk[1])


@given(talks(), st.integers(1, 8))
def test_every_word_is_shown_once_in_order_on_pages_that_fit(
    talk: tuple[list[CaptionWord], float], max_words: int
) -> None:
    pages = pages_of(talk, max_words)
    assert [word for page in pages for word in page.words] == talk[0]
    for page in pages:
        assert 1 <= len(page.lines) <= MAX_LINES
        assert 1 <= len(page.words) <= max_words
        assert all(len(line) == 1 or len(text_of(line)) <= 16 for line in page.lines)


@given(talks())
def test_pages_follow_each_other_inside_the_clip(talk: tuple[list[CaptionWord], float]) -> None:
    pages = pages_of(talk)
    for page, following in pairwise([*pages, None]):
        assert page is not None
        until_s = following.start_s if following else talk[1]
        assert page.start_s == page.words[0].start_s <= page.end_s <= until_s
        assert page.end_s == min(page.words[-1].end_s + HOLD_S, until_s)


@given(talks())
def test_a_page_keeps_to_one_sentence_one_speaker_and_no_pause(talk: tuple[list[CaptionWord], float]) -> None:
    for page in pages_of(talk):
        for word, following in pairwise(page.words):
            assert (word.sentence, word.speaker) == (following.sentence, following.speaker)
            assert following.start_s - word.end_s <= PAUSE_S


def test_two_lines_are_of_nearly_the_same_width() -> None:
    (page,) = pages_of((list(words("and they came with buckets")), 5.0))
    assert [text_of(line) for line in page.lines] == ["and they came", "with buckets"]


def test_a_word_wider_than_a_line_has_one_to_itself() -> None:
    (page,) = pages_of((list(words("so Donaudampfschifffahrtsgesellschaft it is")), 5.0), max_words=2)[:1]
    assert [text_of(line) for line in page.lines] == ["so", "Donaudampfschifffahrtsgesellschaft"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (["今日は", "天気が", "いいです。"], "今日は天気がいいです。"),
        (["今天", "天气", "很", "好。"], "今天天气很好。"),
        (["วันนี้", "อากาศ", "ดี"], "วันนี้อากาศดี"),
        (["新しい", "iPhone", "です"], "新しい iPhone です"),
        (["مرحبا", "بكم", "جميعا"], "مرحبا بكم جميعا"),
        (["שלום", "לכולם"], "שלום לכולם"),
    ],
)
def test_words_are_joined_as_their_script_is_written(said: list[str], written: str) -> None:
    assert text_of(words(" ".join(said))) == written
