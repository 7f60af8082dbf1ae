"""Clips about the topics that were asked for come first, with a model and without one."""

from dataclasses import replace

import pytest

from clipper_assets.highlights.pickers.about import about
from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets_tests.highlights.talks import ignored, steady, talk_of, words_of

TEXTS = ["Nobody knows how the house was built."] * 60
TEXTS[25:28] = ["Our investor laughed.", "We met the investors in Rome.", "Money is not everything."]


def talk_about(topics: str, texts: list[str] = TEXTS, language: str = "en") -> Talk:
    return replace(talk_of(words_of(steady(texts), language), 400), topics=topics)


@pytest.mark.parametrize(
    "topics", ["investor", "INVESTORS!", "unicorns, how they met their investors", "Clips about meeting investors."]
)
def test_the_best_clips_are_about_the_topics(topics: str) -> None:
    picked = HeuristicPicker().pick(talk_about(topics), ignored)
    asked_for = [candidate.first <= 26 and candidate.last >= 25 for candidate in picked.candidates]
    assert asked_for == sorted(asked_for, reverse=True)
    assert any(asked_for)
    for candidate, is_asked_for in zip(picked.candidates, asked_for, strict=True):
        assert candidate.reason.startswith("about what was asked for") == is_asked_for
        assert (candidate.score >= 5.5) == is_asked_for
    assert not picked.degraded


def test_topics_that_nobody_mentions_are_recorded_and_change_no_pick() -> None:
    picked = HeuristicPicker().pick(talk_about("football"), ignored)
    assert picked.candidates == HeuristicPicker().pick(talk_about(""), ignored).candidates
    (fallback,) = picked.degraded
    assert fallback.reason == "no clip is about 'football', because nobody says these words"


@pytest.mark.parametrize(
    ("language", "topics", "texts"),
    [
        ("en", "The history of football", ["The house of my father stood in the wind."] * 30),
        ("es", "la guerra en Ucrania", ["En la montaña vivía el abuelo de la casa."] * 30),
    ],
)
def test_stop_words_alone_are_not_the_topic(language: str, topics: str, texts: list[str]) -> None:
    talk = talk_about(topics, texts, language)
    assert not about(talk, talk.runs).any()


def test_words_are_compared_in_any_form_by_the_rules_of_the_language() -> None:
    texts = ["Das Haus steht hier."] * 30
    texts[20] = "Die Investoren lachten."
    talk = talk_about("Investor", texts, "de")
    shares = about(talk, talk.runs).tolist()
    assert [run.first <= 20 <= run.last for run in talk.runs] == [share == 1 for share in shares]


@pytest.mark.parametrize(
    ("language", "topics", "said"),
    [
        ("ja", "人工知能", "昨日は人工知能の話をしました。"),
        ("ja", "川", "あの川は長いです。"),
        ("ja", "音楽、AI", "私はAIを使います。"),
        ("zh", "足球，人工智能", "我们谈谈人工智能的未来。"),
        ("th", "เศรษฐกิจ", "วันนี้เราจะมาพูดถึงเรื่องเศรษฐกิจของประเทศไทย"),
    ],
)
def test_topics_are_found_in_languages_without_spaces(language: str, topics: str, said: str) -> None:
    texts = ["今日はいい天気ですね。"] * 30
    texts[20] = said
    talk = talk_about(topics, texts, language)
    shares = about(talk, talk.runs).tolist()
    assert [run.first <= 20 <= run.last for run in talk.runs] == [share > 0 for share in shares]
