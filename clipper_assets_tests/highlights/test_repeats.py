"""A moment becomes a clip once: in one episode, and in later episodes of its show."""

from dataclasses import replace
from pathlib import Path

import pytest

from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.repeats import FOLDER, Posted, load_posted, save_posted
from clipper_assets.highlights.run import Run
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Sentence, sentences
from clipper_assets_tests.highlights.talks import ignored, steady, talk_of, words_of

STORY = [
    "Why does a glass of hot water freeze so fast?",
    "Aristotle noticed the puzzle and Descartes described it later.",
    "A schoolboy called Mpemba made ice cream at school.",
    "His mixture was boiling when it entered the freezer.",
    "It froze before the cold mixture of his classmates.",
    "The teacher laughed at him for years afterwards, though.",
    "A physicist repeated the whole experiment and confirmed it.",
]
OF_SHOW = f"{FOLDER}/show=show"


def other(number: int) -> list[str]:
    """Sentences that are said once."""
    return [f"Then number {number + i} of part {number * 7 + i} came along at last." for i in range(14)]


def talk(texts: list[str], posted: Posted | None = None) -> Talk:
    spoken = talk_of(words_of(steady(texts)), 10 + 5.6 * len(texts), max_clips=3)
    return replace(spoken, posted=posted or Posted())


def said(texts: list[str]) -> list[Sentence]:
    return sentences(words_of(steady(texts)))


def stories(spoken: Talk) -> int:
    """How many windows show most of the story."""
    found = HeuristicPicker().pick(spoken, ignored).candidates
    assert found
    texts = [[sentence.text for sentence in spoken.sentences[each.first : each.last + 1]] for each in found]
    return sum(len(set(window) & set(STORY)) > 3 for window in texts)


def test_the_same_text_said_twice_becomes_one_clip() -> None:
    assert stories(talk([*other(0), *STORY, *other(20), *STORY, *other(40)])) == 1


def test_runs_are_the_same_moment_if_they_mostly_overlap_or_say_the_same() -> None:
    moments = talk([*other(0), *STORY, *other(20), *STORY]).moments
    story, again = Run(14, 20, 0, 1), Run(35, 41, 0, 1)
    assert moments.is_same(story, again)
    assert moments.is_same(story, Run(16, 22, 0, 1))
    assert not moments.is_same(story, Run(20, 27, 0, 1))
    assert moments.distinct([story, Run(0, 6, 0, 1), again, Run(1, 7, 0, 1)]) == [0, 1]


def test_formulas_and_tiny_runs_are_no_repetition() -> None:
    moments = talk(["And now a word that we always say."] * 20).moments
    assert moments.distinct([Run(0, 4, 0, 1), Run(8, 12, 0, 1)]) == [0, 1]
    assert talk(["Yes."] * 3).moments.distinct([Run(0, 0, 0, 1), Run(1, 1, 0, 1)]) == [0, 1]


def test_a_moment_of_an_earlier_episode_is_no_clip_of_a_later_one(storage: DirectoryStorage) -> None:
    save_posted(storage, "show/one.mp4", said([*other(100), *STORY, *other(130)]), "en", [(14, 20), (0, 6)])
    texts = [*other(0), *STORY, *other(20)]
    assert stories(talk(texts)) == 1
    assert stories(talk(texts, load_posted(storage, "show/two.mp4"))) == 0
    assert stories(talk(texts, load_posted(storage, "elsewhere/two.mp4"))) == 1
    assert stories(talk(texts, load_posted(storage, "show/one.mp4"))) == 1


def test_later_episodes_and_the_same_recording_do_not_count(storage: DirectoryStorage) -> None:
    texts = [*other(0), *STORY, *other(20)]
    save_posted(storage, "show/one.mp4", said(texts), "en", [(14, 20), (0, 6)])
    save_posted(storage, "show/later.mp4", said([*STORY, *other(200)]), "en", [(0, 6), (7, 13)])
    assert len(load_posted(storage, "show/one.mp4").hashes) == 0
    assert len(load_posted(storage, "show/later.mp4").hashes) == 1
    assert stories(talk(texts, load_posted(storage, "show/copy.mp4"))) == 0
    storage.delete(f"{OF_SHOW}/episode=show%2Flater.mp4.bin")
    assert stories(talk(texts, load_posted(storage, "show/copy.mp4"))) == 1


def test_an_unchanged_fingerprint_keeps_its_time_and_a_damaged_one_is_named(storage: DirectoryStorage) -> None:
    save_posted(storage, "show/one.mp4", said(STORY), "en", [(0, 6)])
    (stored,) = storage.list_folder(OF_SHOW, "", 10).objects
    save_posted(storage, "show/one.mp4", said(STORY), "en", [(0, 6)])
    assert storage.stat(stored.key) == stored
    (Path(storage.root) / stored.key).write_bytes(b"shng")
    posted = load_posted(storage, "show/two.mp4")
    assert [entry.step for entry in posted.degraded] == ["highlight_windows"]
    assert stored.key in posted.degraded[0].reason


@pytest.mark.parametrize("chosen", [[], [(0, 0)]])
def test_an_episode_without_windows_or_words_has_an_empty_fingerprint(
    storage: DirectoryStorage, chosen: list[tuple[int, int]]
) -> None:
    save_posted(storage, "show/one.mp4", said(["Hi."]), "en", chosen)
    posted = load_posted(storage, "show/two.mp4")
    assert [hashes.size for hashes in posted.hashes] == [0]
    assert talk(STORY, posted).moments.fresh([Run(0, 6, 0, 1)]).all()
