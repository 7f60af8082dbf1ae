from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.text.scripts import joined
from clipper_assets.transcript.sentences import PAUSE_S, split_sentences
from clipper_assets.transcript.timing import MAX_WORD_S
from clipper_assets.transcript.transcript_files import split_words
from clipper_assets.transcript.words import Word


def words_of(text: str, pause_s: float = 0.05) -> list[Word]:
    return [
        Word(token, number * (0.3 + pause_s), number * (0.3 + pause_s) + 0.3, 0)
        for number, token in enumerate(text.split())
    ]


def sentences_of(words: list[Word], language: str = "en") -> list[str]:
    numbers = split_sentences(words, language)
    return [
        " ".join(word.text for word, sentence in zip(words, numbers, strict=True) if sentence == number)
        for number in range(numbers[-1] + 1)
    ]


@st.composite
def conversations(draw: st.DrawFn) -> list[Word]:
    words = []
    start = draw(st.floats(0, 5))
    for number in range(draw(st.integers(0, 60))):
        length = draw(st.floats(0.05, MAX_WORD_S))
        text = draw(st.sampled_from(["yes", "and", "Then", "Dr.", "done.", "really?", '"no."', "well...", "3.5", "é"]))
        words.append(Word(text, start, start + length, number // 7, speaker=draw(st.sampled_from(["A", "B", None]))))
        start += length + draw(st.sampled_from([0.0, 0.0, 0.1, 0.5, 0.9, 4.0]))
    return words


@given(conversations(), st.sampled_from(["en", "de", "zh", "xx"]))
def test_every_word_has_a_sentence_of_one_speaker_that_is_not_too_long(words: list[Word], language: str) -> None:
    numbers = split_sentences(words, language)
    assert len(numbers) == len(words)
    assert numbers[:1] in ([], [0])
    assert all(after - before in (0, 1) for before, after in pairwise(numbers))
    for number in set(numbers):
        inside = [word for word, sentence in zip(words, numbers, strict=True) if sentence == number]
        assert inside[-1].end - inside[0].start <= 15.0
        assert len({word.speaker for word in inside}) == 1


def test_no_words_have_no_sentences() -> None:
    assert split_sentences([], "en") == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Hello there. How are you? Fine!", "en", ["Hello there.", "How are you?", "Fine!"]),
        ("Dr. Smith paid $3.50 today. He left.", "en", ["Dr. Smith paid $3.50 today.", "He left."]),
        ('She said "no." Then she left.', "en", ['She said "no."', "Then she left."]),
        ("Größe zählt. 😀 Das ist so.", "de", ["Größe zählt.", "😀 Das ist so."]),
        ("Ça va ? Oui.", "fr", ["Ça va ?", "Oui."]),
    ],
)
def test_punctuation_ends_sentences(text: str, language: str, expected: list[str]) -> None:
    assert sentences_of(words_of(text), language) == expected


def test_a_pause_ends_a_sentence_only_without_punctuation() -> None:
    def with_pause(text: str, pause_s: float) -> list[Word]:
        one, *rest = words_of(text)
        return [one, *(Word(word.text, word.start + pause_s, word.end + pause_s, 0) for word in rest)]

    assert sentences_of(with_pause("well we go", PAUSE_S)) == ["well", "we go"]
    assert sentences_of(with_pause("well we go", PAUSE_S - 0.1)) == ["well we go"]
    assert sentences_of(with_pause("Well, we go.", PAUSE_S)) == ["Well, we go."]


def conversation(*utterances: tuple[str, str, float]) -> list[Word]:
    """Words given as (speaker, text, start), each a quarter of a second long."""
    return [Word(text, start, start + 0.25, 0, speaker=speaker) for speaker, text, start in utterances]


def test_an_interjection_of_a_listener_is_a_sentence_of_its_own() -> None:
    words = conversation(
        ("A", "We", 0), ("A", "should", 0.3), ("B", "Mm-hm.", 0.5), ("A", "go.", 0.6), ("B", "Yes.", 1.0),
        ("A", "Now.", 1.3),
    )  # fmt: skip
    assert split_sentences(words, "en") == [0, 0, 1, 2, 3, 4]


def test_a_sentence_ends_where_doubtful_words_begin() -> None:
    words = [replace(word, doubt="unsure" if number > 2 else None) for number, word in enumerate(words_of("a b c d e"))]
    assert split_sentences(words, "en") == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("zh", "我们今天去北京。天气很好！你喜欢吗？", ["我们今天去北京。", "天气很好！", "你喜欢吗？"]),
        (
            "ja",
            "今日は天気がいいですね。明日も晴れるでしょう。",
            ["今日は天気がいいですね。", "明日も晴れるでしょう。"],
        ),
        ("ar", "مرحبا بكم. كيف حالكم؟ نحن بخير.", ["مرحبا بكم.", "كيف حالكم؟", "نحن بخير."]),
    ],
)
def test_sentences_of_other_scripts_are_split(language: str, text: str, sentences: list[str]) -> None:
    words = words_of(" ".join(split_words(text, language)))
    numbers = split_sentences(words, language)
    split = [
        joined([word.text for word, sentence in zip(words, numbers, strict=True) if sentence == number])
        for number in sorted(set(numbers))
    ]
    assert split == sentences


def test_a_long_sentence_is_cut_at_its_longest_pause() -> None:
    words = words_of(" ".join(["on"] * 60))
    words[41:] = [Word(word.text, word.start + 0.2, word.end + 0.2, 0) for word in words[41:]]
    assert split_sentences(words, "en") == [0] * 41 + [1] * 19


def test_the_turns_of_the_talk_are_sentence_boundaries(truth: list[Word]) -> None:
    numbers = split_sentences(truth, "en")
    turns = [number for number in range(1, len(truth)) if truth[number].segment != truth[number - 1].segment]
    assert all(numbers[turn] == numbers[turn - 1] + 1 for turn in turns)
    expected = [number for number in range(1, len(truth)) if truth[number - 1].text[-1] in ".?!"]
    boundaries = [number for number in range(1, len(truth)) if numbers[number] != numbers[number - 1]]
    # sentencex takes "me." in "Thanks for having me. I have been listening" for an abbreviation.
    assert [truth[number - 1].text for number in expected if number not in boundaries] == ["me."]
    assert set(boundaries) <= set(expected)
