"""Clips of sentences that a person chose."""

from dataclasses import replace

import pytest

from clipper_assets.edits.additions import TITLE_CHARACTERS, added_clip
from clipper_assets.edits.model import EditedClip, Edits
from clipper_assets.edits.windows import edited_rows
from clipper_assets.highlights.checks import misplaced
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, words_of

TALK = words_of([(f"Sentence {number}.", 10.0 * number, 10.0 * number + 8) for number in range(25)])
SPOKEN, DURATION_S = sentences(TALK), 250.0


def add(clips: list[EditedClip], first: int, last: int, title: str | None = None) -> EditedClip:
    return added_clip(clips, first, last, title, SPOKEN, DURATION_S)


def test_added_clip_is_a_window_of_its_sentences() -> None:
    clips: list[EditedClip] = []
    for first, last in ((3, 5), (0, 0), (4, 20), (24, 24)):
        clips.append(add(clips, first, last))
    rows, lost = edited_rows(Edits(version=1, clips=clips), SPOKEN, EPISODE, DURATION_S)
    table = WINDOWS.table(rows)
    assert lost == []
    assert misplaced(table, TALK, DURATION_S) == []
    assert table["clip"].to_pylist() == [0, 1, 2, 3]
    assert list(zip(table["first_sentence"].to_pylist(), table["last_sentence"].to_pylist(), strict=True)) == [
        (3, 5),
        (0, 0),
        (4, 20),
        (24, 24),
    ]
    assert set(table["picker"].to_pylist()) == {"editor"}


@pytest.mark.parametrize("given", [None, "", "  "])
def test_title_is_the_first_sentence_unless_given(given: str | None) -> None:
    assert add([], 3, 5, given).window["title"] == "Sentence 3."
    assert add([], 3, 5, "Mine\n!").window["title"] == "Mine !"


@pytest.mark.parametrize("text", ["word " * 60, "字" * 300])
def test_long_first_sentences_are_cut(text: str) -> None:
    spoken = [replace(SPOKEN[0], text=text), *SPOKEN[1:]]
    title = added_clip([], 0, 1, None, spoken, DURATION_S).window["title"]
    assert 50 < len(title) <= TITLE_CHARACTERS
    assert title.endswith("…")


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (0, 19, "the clip would last 198 s; no platform accepts more than 180 s"),
        (5, 4, "a clip cannot begin with sentence 5 and end with sentence 4 before it"),
        (0, 99, "the transcript has no sentence 99; it has 0 to 24"),
    ],
)
def test_sentences_that_cannot_be_a_clip_are_refused(first: int, last: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        add([], first, last)


def test_doubtful_and_short_sentences_are_refused() -> None:
    doubtful = [replace(each, doubtful=each.number == 2) for each in SPOKEN]
    with pytest.raises(ValueError, match="sentence 2 may be a transcription error"):
        added_clip([], 1, 3, None, doubtful, DURATION_S)
    short = sentences(words_of([("Hi.", 0.0, 1.0), ("There.", 1.2, 2.0), ("Then more.", 9.0, 15.0)]))
    with pytest.raises(ValueError, match="choose sentences that last at least 3 s"):
        added_clip([], 0, 0, None, short, 20.0)
    with pytest.raises(ValueError, match="the transcript has no sentence 0; it has none"):
        added_clip([], 0, 0, None, [], 20.0)


def test_same_sentences_and_too_many_clips_are_refused() -> None:
    clips = [add([], 3, 5)]
    with pytest.raises(ValueError, match="clip 0 has exactly these sentences already"):
        add(clips, 3, 5)
    with pytest.raises(ValueError, match=f"the episode has {MAX_CLIPS} clips"):
        add(clips * MAX_CLIPS, 0, 1)
