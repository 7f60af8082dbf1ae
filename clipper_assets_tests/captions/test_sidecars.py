from dataclasses import replace
from fractions import Fraction

import pysubs2
import pytest
from hypothesis import given, settings

from clipper_assets.captions.cues import cues
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.sidecars import sidecars
from clipper_assets.transcript.formats import webvtt
from clipper_assets_tests.captions.test_lines import talks
from clipper_assets_tests.support.media import words

FPS = Fraction(30000, 1001)


@settings(deadline=None)
@given(talks())
def test_both_files_contain_every_word_and_the_times_of_the_cues(talk: tuple[list[CaptionWord], float]) -> None:
    times = [(round(cue.start * 1000 / FPS), round(cue.end * 1000 / FPS)) for cue in cues(*talk, FPS)]
    for text in sidecars(*talk, FPS):
        events = pysubs2.SSAFile.from_string(text).events if talk[0] else []
        written = [word for cue in events for word in cue.plaintext.split() if word != "-"]
        assert written == [word.text for word in talk[0] if word.text != "-"]
        assert [(cue.start, cue.end) for cue in events] == times


def test_srt_and_vtt_have_the_format_that_players_expect() -> None:
    spoken_words = [
        *words("Welcome back to the quiet kitchen podcast, where we talk about food."),
        *(CaptionWord(word.text, word.start_s, word.end_s, 1, "Ana") for word in words("Hi!", start_s=7)),
        *(CaptionWord(word.text, word.start_s, word.end_s, 2, "B & <b>") for word in words("Hello.", start_s=7.4)),
    ]
    srt, vtt = sidecars(spoken_words, 80.0, Fraction(25))
    assert srt == (
        "1\n00:00:00,000 --> 00:00:05,320\nWelcome back to the quiet kitchen podcast,\nwhere we talk about food.\n\n"
        "2\n00:00:07,000 --> 00:00:08,320\n- Hi!\n- Hello.\n"
    )
    assert vtt == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:05.320\nWelcome back to the quiet kitchen podcast,\nwhere we talk about food.\n\n"
        "00:00:07.000 --> 00:00:08.320\n<v Ana>Hi!\n<v B &amp; &lt;b&gt;>Hello.\n"
    )


def test_the_header_of_webvtt_says_the_language_of_the_words() -> None:
    srt, vtt = sidecars([replace(word, language="es") for word in words("Hola a todos.")], 80.0, FPS)
    assert vtt.startswith("WEBVTT\nLanguage: es\n\n00:00:00.000 --> ")
    assert "es" not in srt
    assert webvtt.parse(vtt, None, "en").language == "es"


def test_a_speaker_is_named_once_per_cue() -> None:
    spoken_words = [CaptionWord(f"word{number}word", number, number + 1, 0, "Ana") for number in range(6)]
    _, vtt = sidecars(spoken_words, 80.0, FPS)
    assert vtt.count("<v Ana>") == vtt.count(" --> ")


@pytest.mark.parametrize("word", ["<b>", "a&b", "x<y", "-->", "&lt;"])
def test_markup_characters_are_shown_literally(word: str) -> None:
    srt, vtt = sidecars(words(f"one {word} two"), 5.0, FPS)
    assert f"\none {word} two\n" in srt
    escaped = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"\none {escaped} two\n" in vtt


@pytest.mark.parametrize(
    ("word", "written"),
    [("{laughs}", "(laughs)"), ("{\\p1}", "(\\\u2060p1)"), ("{\\an8", "(\\\u2060an8"), ("\\N", "\\\u2060N")],
)
def test_ass_commands_in_a_word_are_shown_literally(word: str, written: str) -> None:
    srt, vtt = sidecars(words(f"one {word} two"), 5.0, FPS)
    assert f"\none {written} two\n" in srt
    assert f"\none {word} two\n" in vtt


@pytest.mark.parametrize(
    ("spoken_words", "line"),
    [
        ("今日は 天気が いいです", "今日は天気がいいです"),
        ("今天 天气 很 好", "今天天气很好"),
        ("วันนี้ อากาศ ดี", "วันนี้อากาศดี"),
        ("مرحبا بكم جميعا", "مرحبا بكم جميعا"),
        ("שלום לכולם.", "שלום לכולם."),
    ],
)
def test_other_scripts_are_written_in_logical_order(spoken_words: str, line: str) -> None:
    for text in sidecars(words(spoken_words), 5.0, FPS):
        assert text.splitlines()[-1] == line
