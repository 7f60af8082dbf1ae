import pysubs2
import pytest
from hypothesis import given

from clipper_assets.clips.captions.lines import CaptionWord, paginate
from clipper_assets.clips.captions.sidecars import MAX_LINE_CHARACTERS, sidecars
from clipper_assets_tests.clips.captions.test_lines import talks
from clipper_assets_tests.media import words


@given(talks())
def test_both_sidecars_carry_every_word_in_cues_of_two_short_lines(talk: tuple[list[CaptionWord], float]) -> None:
    pages = paginate(talk[0], measure=len, max_width=MAX_LINE_CHARACTERS, max_words=20, clip_s=talk[1])
    for text in sidecars(*talk):
        cues = pysubs2.SSAFile.from_string(text).events if talk[0] else []
        assert [word for cue in cues for word in cue.plaintext.split()] == [word.text for word in talk[0]]
        assert [(cue.start, cue.end) for cue in cues] == [
            (round(page.start_s * 1000), round(page.end_s * 1000)) for page in pages
        ]
        for line in (line for cue in cues for line in cue.plaintext.splitlines()):
            assert len(line) <= MAX_LINE_CHARACTERS or " " not in line


def test_the_files_are_what_players_expect() -> None:
    said = [*words("Welcome back to the quiet kitchen podcast, where we talk about food."), *words("Hi!", start_s=70)]
    srt, vtt = sidecars(said, 80.0)
    assert srt == (
        "1\n00:00:00,000 --> 00:00:05,300\nWelcome back to the quiet kitchen\npodcast, where we talk about food.\n\n"
        "2\n00:01:10,000 --> 00:01:10,900\nHi!\n"
    )
    assert vtt == "WEBVTT\n\n" + srt.replace(",000", ".000").replace(",300", ".300").replace(",900", ".900").replace(
        "1\n00:00:00", "00:00:00"
    ).replace("2\n00:01", "00:01")


@pytest.mark.parametrize("word", ["{laughs}", "<b>", "a&b", "x<y", "-->", "\\N", "{\\an8}", "&lt;"])
def test_a_word_with_signs_of_markup_is_shown_as_it_is(word: str) -> None:
    srt, vtt = sidecars(words(f"one {word} two"), 5.0)
    assert f"\none {word} two\n" in srt
    escaped = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"\none {escaped} two\n" in vtt


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("今日は 天気が いいです", "今日は天気がいいです"),
        ("今天 天气 很 好", "今天天气很好"),
        ("วันนี้ อากาศ ดี", "วันนี้อากาศดี"),
        ("مرحبا بكم جميعا", "مرحبا بكم جميعا"),
        ("שלום לכולם.", "שלום לכולם."),
    ],
)
def test_other_scripts_stand_as_they_are_written_in_the_order_in_which_they_are_read(said: str, line: str) -> None:
    for text in sidecars(words(said), 5.0):
        assert text.splitlines()[-1] == line
