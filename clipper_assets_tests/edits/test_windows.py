"""What a person does to clips, on any talk: nothing a check would not pass, nothing lost to a new transcript."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clipper_assets.edits.model import EditedClip, Edits
from clipper_assets.edits.windows import EDITOR, LONGEST_S, edited_rows, moved, pinned, retitled, sentences_of
from clipper_assets.edits.words import worded
from clipper_assets.highlights.checks import misplaced
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.highlights.windows import Rules
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, words_of
from clipper_assets_tests.highlights.test_windows import candidate, table, talks

RULES = Rules(3, 60)
TALK = words_of([(f"Sentence {number}.", 10.0 * number, 10.0 * number + 8) for number in range(10)])
SPOKEN, DURATION_S = sentences(TALK), 100.0


def clip_of(first: int, last: int) -> EditedClip:
    """Clip 0 of the talk, from one sentence to another, as a picker leaves it."""
    windows = table([candidate(first, last)], TALK, RULES, DURATION_S)
    return pinned(Edits(version=0), windows)[0]


def rows(clips: list[EditedClip], words: pa.Table, duration_s: float) -> pa.Table:
    found, _ = edited_rows(Edits(version=1, clips=clips), sentences(words), EPISODE, duration_s)
    return WINDOWS.table(found)


@given(talks(), st.data())
def test_pinned_windows_are_the_pickers_own(talk: tuple[pa.Table, float], data: st.DataObject) -> None:
    words, duration_s = talk
    last = data.draw(st.integers(0, len(sentences(words)) - 1))
    windows = table([candidate(0, last)], words, RULES, duration_s)
    assume(windows.num_rows)
    assert rows(pinned(Edits(version=0), windows), words, duration_s).equals(windows)


@given(talks(), talks())
def test_windows_laid_on_another_transcript_are_in_their_place(
    talk: tuple[pa.Table, float], other: tuple[pa.Table, float]
) -> None:
    windows = table([candidate(0, len(sentences(talk[0])) - 1)], talk[0], RULES, talk[1])
    clips = pinned(Edits(version=0), windows)
    found, lost = edited_rows(Edits(version=1, clips=clips), sentences(other[0]), EPISODE, other[1])
    assert len(found) + len(lost) == len(clips)
    assert misplaced(WINDOWS.table(found), other[0], other[1]) == []


@given(talks(), st.data())
def test_a_moved_end_is_on_the_sentence_that_was_asked_for(talk: tuple[pa.Table, float], data: st.DataObject) -> None:
    words, duration_s = talk
    spoken = sentences(words)
    windows = table([candidate(0, len(spoken) - 1)], words, RULES, duration_s)
    assume(windows.num_rows)
    clip = pinned(Edits(version=0), windows)[0]
    numbers = st.sampled_from([sentence.number for sentence in spoken])
    first, last = sorted((data.draw(numbers), data.draw(numbers)))
    try:
        changed = moved(clip, first, last, spoken, duration_s)
    except ValueError as refused:
        assume(f"than {LONGEST_S:.0f} s" not in str(refused))
        raise
    assert misplaced(rows([changed], words, duration_s), words, duration_s) == []
    around = {each.number: each for each in spoken}
    assert changed.window["start"] <= around[first].start
    assert changed.window["end"] >= around[last].end


def test_moving_one_end_leaves_the_other_where_it_was() -> None:
    clip = clip_of(2, 4)
    longer = moved(clip, None, 5, SPOKEN, DURATION_S)
    assert longer.window["start"] == clip.window["start"]
    assert longer.window["end"] > clip.window["end"]
    assert sentences_of(longer, SPOKEN, DURATION_S) == (2, 5)
    assert longer.window["picker"] == EDITOR
    back = moved(longer, None, 4, SPOKEN, DURATION_S)
    assert back.window["end"] == pytest.approx(clip.window["end"])


def test_asking_for_what_is_there_changes_nothing() -> None:
    clip = clip_of(2, 4)
    assert moved(clip, 2, 4, SPOKEN, DURATION_S) == clip
    assert retitled(clip, clip.window["hook"], None) == clip


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (5, None, "a clip cannot begin with sentence 5 and end with sentence 4 before it"),
        (99, None, "the transcript has no sentence 99; it has 0 to 9"),
    ],
)
def test_sentences_that_cannot_be_a_clip_are_refused(first: int | None, last: int | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        moved(clip_of(2, 4), first, last, SPOKEN, DURATION_S)


def test_a_clip_cannot_be_longer_than_any_platform_takes() -> None:
    words = words_of([(f"Sentence {number}.", 50.0 * number, 50.0 * number + 48) for number in range(6)])
    clip = pinned(Edits(version=0), table([candidate(0, 0)], words, RULES, 300))[0]
    with pytest.raises(ValueError, match="no platform takes more than 180 s"):
        moved(clip, 0, 5, sentences(words), 300)


def test_a_window_that_nobody_speaks_in_any_more_is_left_out_and_told() -> None:
    silent = words_of([("Late.", 80, 82)])
    found, lost = edited_rows(Edits(version=1, clips=[clip_of(2, 4)]), sentences(silent), EPISODE, DURATION_S)
    assert found == []
    assert "nobody speaks from" in lost[0].reason
    with pytest.raises(ValueError, match="make the clips of the episode anew"):
        sentences_of(clip_of(2, 4), sentences(silent), DURATION_S)


def texts(edits: list[Any]) -> list[tuple[str, str]]:
    return [(edit.was, edit.text) for edit in edits]


def test_a_words_own_text_takes_an_edit_back() -> None:
    once = worded(Edits(version=0), TALK, {0: "Sentance", 3: ""})
    assert texts(once) == [("Sentence", "Sentance"), ("1.", "")]
    again = worded(Edits(version=1, words=once), TALK, {0: "Sentence"})
    assert texts(again) == [("1.", "")]


@given(st.dictionaries(st.integers(0, TALK.num_rows - 1), st.text("ab c", max_size=5), max_size=8))
def test_word_edits_are_in_order_and_one_for_a_word(asked: dict[int, str]) -> None:
    found = worded(Edits(version=0), TALK, asked)
    spans = [(edit.start, edit.end) for edit in found]
    assert spans == sorted(set(spans))
    assert {edit.text for edit in found} <= {" ".join(text.split()) for text in asked.values()}


def test_texts_hold_no_control_characters() -> None:
    changed = retitled(clip_of(2, 4), "Wai\x00t\nfor it", "A\x1b title")
    assert (changed.window["hook"], changed.window["title"]) == ("Wait for it", "A title")
    with pytest.raises(ValueError, match=r"^word 0 cannot be written as "):
        worded(Edits(version=0), TALK, {0: "Sen\0tence"})
