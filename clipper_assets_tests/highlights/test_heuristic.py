from dataclasses import replace

import numpy as np
import pytest

from clipper_assets.highlights.edges import Edges
from clipper_assets.highlights.pickers import word_lists as cues
from clipper_assets.highlights.pickers.heuristic import (
    HeuristicPicker,
    endings,
    features,
    housekeeping,
    shortened,
)
from clipper_assets.highlights.rules import Candidate, Rules
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import doubted, ignored, steady, talk_of, words_of

GREETING = ["Welcome back to the show everyone.", "My name is Sam and it is a pleasure."]
SPONSOR = [
    "This episode is brought to you by Acme mattresses.",
    "Acme mattresses are soft and cool.",
    "Go to acme.com and use code SLEEP for ten percent off.",
]
PLAIN = "We then talked about the plan and the plan was fine."
STORY = [
    "Why does a glass of water freeze faster when it is hot?",
    "Aristotle noticed the puzzle and Descartes described it.",
    "A schoolboy called Mpemba made ice cream in Tanzania.",
    "His mixture was boiling when it entered the freezer.",
    "It froze before the cold mixture of his classmates.",
    "The teacher laughed at him for years afterwards.",
    "A physicist repeated the experiment and confirmed it.",
    "Mpemba had been right all along.",
]


def picks(
    texts: list[str], language: str = "en", loudness: list[float] | None = None, max_clips: int = 12
) -> list[Candidate]:
    words = words_of(steady(texts), language)
    talk = talk_of(words, 1 + 5.6 * len(texts) + 5, loudness=loudness, max_clips=max_clips)
    return list(HeuristicPicker().pick(talk, ignored).candidates)


def test_the_best_stretch_of_a_sample_talk_is_picked() -> None:
    texts = [*GREETING, *[PLAIN] * 10, *STORY, *[PLAIN] * 10, *SPONSOR, *[PLAIN] * 3]
    pause_s = 1.5
    spoken = [
        (text, start + pause_s * (i > 19), end + pause_s * (i > 19))
        for i, (text, start, end) in enumerate(steady(texts, gap=0.3))
    ]
    best = HeuristicPicker().pick(talk_of(words_of(spoken), 220), ignored).candidates[0]
    assert (best.first, best.last) == (12, 19)
    assert best.hook == "Why does a glass of water freeze faster when it is hot?"
    assert best.title == "Aristotle noticed the puzzle and Descartes described it"
    assert best.hashtags == ()
    assert best.reason == (
        "ends on a finished thought; opens with a hook; opens with a question; words that are rare in the episode; "
        "spoken faster than average for the episode"
    )
    assert 7 < best.score <= 10


def test_the_same_talk_gives_the_same_picks() -> None:
    texts = [*GREETING, *STORY, *[PLAIN] * 20, *STORY, *SPONSOR]
    assert picks(texts) == picks(texts)


def test_greetings_and_adverts_are_not_picked() -> None:
    texts = [*GREETING, *[PLAIN] * 15, *SPONSOR, *[PLAIN] * 15, *STORY, "Thanks for listening and see you next week."]
    marked = {0, 1, 17, 18, 19, 43}
    talk = talk_of(words_of(steady(texts)), 1 + 5.6 * len(texts) + 5)
    advert = (talk.sentences[17].start, talk.sentences[19].end)
    chosen = HeuristicPicker().pick(replace(talk, adverts=[advert]), ignored).candidates
    assert len(chosen) == 3
    for candidate in chosen:
        assert not marked & set(range(candidate.first, candidate.last + 1))


def test_housekeeping_is_marked_sentence_by_sentence_except_where_it_is_doubtful() -> None:
    words = words_of(steady([*GREETING, PLAIN, SPONSOR[0], PLAIN]))
    assert housekeeping(sentences(words)).tolist() == [1, 1, 0, 1, 0]
    assert housekeeping(sentences(doubted(words, [1]))).tolist() == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("text", [*GREETING, SPONSOR[0], "Don't forget to subscribe."])
def test_housekeeping_cues_are_recognised(text: str) -> None:
    assert cues.HOUSEKEEPING.search(text)


@pytest.mark.parametrize("text", [*STORY, "My code uses a free list.", "He was welcome at home."])
def test_ordinary_sentences_are_not_housekeeping(text: str) -> None:
    assert not cues.HOUSEKEEPING.search(text)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_question_is_a_better_opening_than_a_statement_in_any_language(language: str) -> None:
    texts = ["Wir reden nun lange davon."] * 12
    texts[5] = "Warum reden wir nun lange davon?"
    assert picks(texts, language, max_clips=1)[0].first == 5


def test_faster_and_louder_speech_is_preferred() -> None:
    texts = [PLAIN] * 30
    loudness = [-23.0] * 30
    loudness[10:16] = [-15.0] * 6
    best = picks(texts, loudness=loudness, max_clips=1)[0]
    assert len(set(range(10, 16)) & set(range(best.first, best.last + 1))) >= 5
    assert "louder than average for the episode" in best.reason
    texts[20:26] = [PLAIN + " " + PLAIN] * 6
    best = picks(texts, max_clips=1)[0]
    assert len(set(range(20, 26)) & set(range(best.first, best.last + 1))) >= 5
    assert "spoken faster than average for the episode" in best.reason


def test_features_are_in_their_ranges_and_unknown_loudness_is_ignored() -> None:
    texts = [*GREETING, *STORY, *SPONSOR]
    loudness = [np.nan] * 4 + [-20.0] * 9
    talk = talk_of(words_of(steady(texts)), 90, loudness=loudness)
    values_of = features(talk, talk.runs)
    for name, values in values_of.items():
        low = -1 if name in ("pace", "energy", "novelty") else 0
        assert values.shape == (len(talk.runs),)
        assert np.all((values >= low) & (values <= 1)), name
    assert not features(talk_of(words_of(steady(texts)), 90), talk.runs)["energy"].any()


def test_a_finished_ending_is_preferred() -> None:
    texts = ["This goes on and on and"] * 20
    texts[7] = "And that was the end."
    assert 7 in {candidate.last for candidate in picks(texts)}


def test_an_ending_is_finished_only_if_the_thought_is() -> None:
    texts = [
        "Why did he sell it?",
        "He sold it...",
        "It was the brakes",
        "He sold it.",
        "And he was glad.",
        "Anna left town.",
    ]
    spoken = sentences(words_of(steady(texts)))
    assert endings(spoken, Edges(spoken, "en").depends).tolist() == [0, 0, 0, 0.6, 1, 1]
    talk = talk_of(words_of(steady(["The shop closed.", "And he was glad."] * 20)), 240)
    reasons = {candidate.last % 2: candidate.reason for candidate in HeuristicPicker().pick(talk, ignored).candidates}
    assert reasons.keys() == {1}
    assert "ends on a finished thought" in reasons[1]


def test_a_talk_of_one_word_gives_a_window() -> None:
    talk = talk_of(words_of([("Hi", 1.0, 1.4)]), 3.0, Rules())
    (candidate,) = HeuristicPicker().pick(talk, ignored).candidates
    assert (candidate.first, candidate.last, candidate.title) == (0, 0, "Hi")


def test_long_texts_are_shortened_after_a_whole_word() -> None:
    assert shortened("one two three", 100) == "one two three"
    assert shortened("one two, three", 10) == "one two\u2026"


def test_doubtful_sentences_do_not_change_the_features_of_others() -> None:
    texts = [*[PLAIN] * 8, *STORY, *[PLAIN] * 8]
    spoken = steady([*texts, "Thanks for watching and subscribe!", "Gas gas gas gas gas gas gas!"])
    words = words_of(spoken)
    certain = talk_of(words.slice(0, words.num_rows - 12), spoken[-2][1])
    with_doubt = talk_of(doubted(words, [24, 25]), 200.0)
    for name, values in features(with_doubt, certain.runs).items():
        before = features(certain, certain.runs)[name]
        assert values == pytest.approx(before), name
