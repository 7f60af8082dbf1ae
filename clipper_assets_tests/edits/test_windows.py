"""Editing clips: results always pass the checks, and edits survive a new transcript."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clipper_assets.edits.model import EDITOR, EditedClip, Edits
from clipper_assets.edits.windows import (
    LONGEST_S,
    edited_rows,
    pinned_clips,
    retitled,
    sentences_of,
    with_boundaries,
)
from clipper_assets.edits.words import updated_word_edits
from clipper_assets.highlights.checks import misplaced
from clipper_assets.highlights.rules import Rules
from clipper_assets.highlights.window import WINDOWS, read_windows
from clipper_assets.transcript.words import sentences
from clipper_assets_tests.highlights.talks import EPISODE, words_of
from clipper_assets_tests.highlights.test_rules import candidate, table, talks

RULES = Rules(3, 60)
TALK = words_of([(f"Sentence {number}.", 10.0 * number, 10.0 * number + 8) for number in range(10)])
SPOKEN, DURATION_S = sentences(TALK), 100.0


def clip_of(first: int, last: int) -> EditedClip:
    """The unedited clip 0 of the talk, from one sentence to another."""
    windows = table([candidate(first, last)], TALK, RULES, DURATION_S)
    return pinned_clips(Edits(version=0), windows)[0]


def rows(clips: list[EditedClip], words: pa.Table, duration_s: float) -> pa.Table:
    edited, _ = edited_rows(Edits(version=1, clips=clips), sentences(words), EPISODE, duration_s)
    return WINDOWS.table(edited)


@settings(deadline=None)
@given(talks(), st.data())
def test_pinned_windows_equal_the_pickers_windows(talk: tuple[pa.Table, float], data: st.DataObject) -> None:
    words, duration_s = talk
    last = data.draw(st.integers(0, len(sentences(words)) - 1))
    windows = table([candidate(0, last)], words, RULES, duration_s)
    for window in read_windows(windows):
        # Somebody who interrupts a sentence of the window is inside it once it is pinned to its times.
        assume(
            not any(window.start < other.start < window.end for other in sentences(words)[window.last_sentence + 1 :])
        )
    assert rows(pinned_clips(Edits(version=0), windows), words, duration_s).equals(windows)


@settings(deadline=None)
@given(talks(), talks())
def test_pinned_windows_fit_the_sentences_of_another_transcript(
    talk: tuple[pa.Table, float], other: tuple[pa.Table, float]
) -> None:
    windows = table([candidate(0, len(sentences(talk[0])) - 1)], talk[0], RULES, talk[1])
    clips = pinned_clips(Edits(version=0), windows)
    rows_kept, fallbacks = edited_rows(Edits(version=1, clips=clips), sentences(other[0]), EPISODE, other[1])
    assert len(rows_kept) + len(fallbacks) == len(clips)
    assert misplaced(WINDOWS.table(rows_kept), other[0], other[1]) == []


@settings(deadline=None)
@given(talks(), st.data())
def test_a_moved_boundary_is_at_the_requested_sentence(talk: tuple[pa.Table, float], data: st.DataObject) -> None:
    words, duration_s = talk
    spoken = sentences(words)
    windows = table([candidate(0, len(spoken) - 1)], words, RULES, duration_s)
    assume(windows.num_rows)
    clip = pinned_clips(Edits(version=0), windows)[0]
    numbers = st.sampled_from([sentence.number for sentence in spoken])
    first, last = sorted((data.draw(numbers), data.draw(numbers)))
    try:
        changed = with_boundaries(clip, first, last, spoken, duration_s)
    except ValueError as error:
        assume(f"than {LONGEST_S:.0f} s" not in str(error))
        raise
    assert misplaced(rows([changed], words, duration_s), words, duration_s) == []
    by_number = {sentence.number: sentence for sentence in spoken}
    assert changed.window["start"] <= by_number[first].start
    assert changed.window["end"] >= by_number[last].end


def test_moving_one_boundary_leaves_the_other_unchanged() -> None:
    clip = clip_of(2, 4)
    longer = with_boundaries(clip, None, 5, SPOKEN, DURATION_S)
    assert longer.window["start"] == clip.window["start"]
    assert longer.window["end"] > clip.window["end"]
    assert sentences_of(longer, SPOKEN, DURATION_S) == (2, 5)
    assert longer.window["picker"] == EDITOR
    back = with_boundaries(longer, None, 4, SPOKEN, DURATION_S)
    assert back.window["end"] == pytest.approx(clip.window["end"])


def test_an_edit_to_the_current_values_changes_nothing() -> None:
    clip = clip_of(2, 4)
    assert with_boundaries(clip, 2, 4, SPOKEN, DURATION_S) == clip
    assert retitled(clip, clip.window["hook"], None) == clip


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (5, None, "a clip cannot begin with sentence 5 and end with sentence 4 before it"),
        (99, None, "the transcript has no sentence 99; it has 0 to 9"),
    ],
)
def test_invalid_sentences_are_rejected(first: int | None, last: int | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        with_boundaries(clip_of(2, 4), first, last, SPOKEN, DURATION_S)


def test_a_clip_longer_than_platforms_accept_is_rejected() -> None:
    words = words_of([(f"Sentence {number}.", 50.0 * number, 50.0 * number + 48) for number in range(6)])
    clip = pinned_clips(Edits(version=0), table([candidate(0, 0)], words, RULES, 300))[0]
    with pytest.raises(ValueError, match="no platform accepts more than 180 s"):
        with_boundaries(clip, 0, 5, sentences(words), 300)


def test_a_window_without_speech_is_left_out_and_reported() -> None:
    silent = words_of([("Late.", 80, 82)])
    rows_kept, fallbacks = edited_rows(Edits(version=1, clips=[clip_of(2, 4)]), sentences(silent), EPISODE, DURATION_S)
    assert rows_kept == []
    assert "nobody speaks from" in fallbacks[0].reason
    with pytest.raises(ValueError, match="process the episode again to get new clips"):
        sentences_of(clip_of(2, 4), sentences(silent), DURATION_S)


def texts(edits: list[Any]) -> list[tuple[str, str]]:
    return [(edit.was, edit.text) for edit in edits]


def test_setting_the_original_text_of_a_word_removes_its_edit() -> None:
    once = updated_word_edits(Edits(version=0), TALK, {0: "Sentance", 3: ""})
    assert texts(once) == [("Sentence", "Sentance"), ("1.", "")]
    again = updated_word_edits(Edits(version=1, words=once), TALK, {0: "Sentence"})
    assert texts(again) == [("1.", "")]


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, TALK.num_rows - 1), st.text("ab c", max_size=5), max_size=8))
def test_word_edits_are_in_order_with_one_per_word(new_texts: dict[int, str]) -> None:
    edits = updated_word_edits(Edits(version=0), TALK, new_texts)
    spans = [(edit.start, edit.end) for edit in edits]
    assert spans == sorted(set(spans))
    assert {edit.text for edit in edits} <= {" ".join(text.split()) for text in new_texts.values()}


def test_control_characters_are_removed_or_rejected() -> None:
    changed = retitled(clip_of(2, 4), "Wai\x00t\nfor it", "A\x1b title")
    assert (changed.window["hook"], changed.window["title"]) == ("Wait for it", "A title")
    with pytest.raises(ValueError, match=r"^the text .* for word 0 has invisible characters"):
        updated_word_edits(Edits(version=0), TALK, {0: "Sen\0tence"})
