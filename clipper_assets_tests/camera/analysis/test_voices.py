"""Matching the transcript's voices to faces."""

import numpy as np
import pytest

from clipper_assets.camera.analysis.sequence import likeliest_speakers
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.analysis.voices import LABEL, Owners, WindowSpeech, gains, match_voices

Row = list[float | None]
SECOND = 25


def speech(names: list[str | None], *faces: tuple[int, Row]) -> WindowSpeech:
    """One utterance a second by the named voices; a face is its person and evidence per second, None out of view."""
    rows = [np.repeat([np.nan if level is None else level for level in row], SECOND) for _, row in faces]
    utterances = [Utterance(number * SECOND, (number + 1) * SECOND, name) for number, name in enumerate(names)]
    return WindowSpeech(utterances, np.array(rows).reshape(-1, len(names) * SECOND), [person for person, _ in faces])


def speakers(window: WindowSpeech, owners: Owners) -> list[int | None]:
    """The person who speaks each utterance."""
    path = likeliest_speakers(gains(window, owners), window.utterances, [0])
    faces = [int(path[(utterance.start + utterance.end) // 2]) for utterance in window.utterances]
    return [window.people[face] if face >= 0 else None for face in faces]


TWO = speech(["a", "b", "a", "b"], (0, [0.2, -0.2, 0.2, -0.1]), (1, [-0.2, 0.3, -0.1, 0.2]))


def test_a_voice_belongs_to_the_face_that_moves_with_it() -> None:
    owners = match_voices([TWO])
    assert owners == {"a": {0}, "b": {1}}
    assert speakers(TWO, owners) == [0, 1, 0, 1]


def test_a_voice_decides_in_doubt_and_where_nobody_looked_but_not_against_clear_faces() -> None:
    window = speech(
        ["a", "b", "a", "b", "a", "a", "b"],
        (0, [0.3, -0.2, 0.0, 0.0, 0.05, -0.2, -0.2]),
        (1, [-0.2, 0.3, 0.0, 0.0, 0.1, 0.3, 0.2]),
    )
    owners = match_voices([window, TWO])
    assert owners == {"a": {0}, "b": {1}}
    assert speakers(window, owners) == [0, 1, 0, 1, 0, 1, 1]


def test_faces_that_always_both_move_have_no_voice_but_the_rest_of_the_time_tells() -> None:
    both = speech(["a", "b", "a", "b"], (0, [0.2, 0.1, 0.2, 0.25]), (1, [0.1, 0.2, 0.1, 0.15]))
    assert match_voices([both]) == {}
    owners = match_voices([both, TWO])
    assert owners == {"a": {0}, "b": {1}}
    assert speakers(both, owners) == [0, 1, 0, 1]


def test_a_voice_without_an_owner_is_not_of_people_who_have_another() -> None:
    window = speech(["a", "b", "a", "b"], (0, [0.2, 0.2, 0.2, 0.25]), (1, [-0.1, 0.18, -0.1, 0.2]))
    owners = match_voices([window])
    assert owners == {"a": {0}, "b": {None, 1}}
    assert speakers(window, owners) == [0, 1, 0, 1]


def test_the_evidence_of_all_windows_is_combined() -> None:
    rest = speech(["a", "b"], (1, [0.01, 0.02]), (0, [0.02, 0.01]))
    assert match_voices([rest]) == {}
    owners = match_voices([rest, TWO])
    assert owners == {"a": {0}, "b": {1}}
    assert speakers(rest, owners) == [0, 1]


def test_a_voice_without_a_face_is_nobodys_in_view() -> None:
    window = speech(["a", "b", "c", "b", "c"], (0, [0.2, -0.1, -0.1, -0.1, 0.0]), (1, [-0.1, 0.2, -0.2, 0.2, 0.0]))
    owners = match_voices([window])
    assert owners == {"a": {0}, "b": {1}, "c": {None}}
    assert speakers(window, owners) == [0, 1, None, 1, None]


def test_the_owner_of_a_voice_in_a_close_up_is_known_from_other_times() -> None:
    alone: list[Row] = [[0.2, -0.1, None, None, 0.2], [None, None, 0.2, -0.1, None]]
    close = speech(["a", "b", "b", "a", "a"], (0, alone[0]), (1, alone[1]))
    owners = match_voices([close])
    assert owners == {"a": {0}, "b": {1}}
    # The other voice is heard over somebody's picture: they listen.
    assert speakers(close, owners) == [0, None, 1, None, 0]


def test_two_person_numbers_of_one_person_share_the_voice() -> None:
    again = speech(
        ["a", "b", "a", "b"], (0, [0.2, -0.1, None, None]), (1, [-0.1, 0.2, None, None]), (2, [None, None, 0.2, -0.1])
    )
    owners = match_voices([again])
    assert owners == {"a": {0, 2}, "b": {1}}
    assert speakers(again, owners) == [0, 1, 2, None]


def test_two_voices_of_one_person_are_no_error() -> None:
    window = speech(["a", "b", "c", "b", "c"], (0, [0.2, -0.1, -0.1, -0.1, 0.0]), (1, [-0.1, 0.2, 0.2, 0.2, 0.0]))
    owners = match_voices([window])
    assert owners == {"a": {0}, "b": {1}, "c": {1}}
    assert speakers(window, owners) == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_wrong_names_of_one_in_ten_utterances_change_no_owner_and_faces_correct_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    true = random.integers(0, 2, 40)
    wrong = random.permutation(np.arange(40) < 4)
    names: list[str | None] = ["ab"[speaker ^ int(error)] for speaker, error in zip(true, wrong, strict=True)]
    rows: list[Row] = [np.where(true == face, 0.25, -0.15).tolist() for face in (0, 1)]
    window = speech(names, (0, rows[0]), (1, rows[1]))
    owners = match_voices([window])
    assert owners == {"a": {0}, "b": {1}}
    assert speakers(window, owners) == true.tolist()


def test_a_transcript_without_distinct_speakers_matches_no_voice() -> None:
    levels: tuple[tuple[int, Row], ...] = ((0, [0.2, -0.1]), (1, [-0.1, 0.2]))
    assert match_voices([speech([None, None], *levels)]) == {}
    assert match_voices([speech(["a", "a"], *levels)]) == {}
    assert match_voices([speech(["a", "b"])]) == {}
    assert gains(speech(["a", None], *levels), {})[-1].tolist() == [0.0] * 2 * SECOND


def test_each_utterance_weighs_its_voice_once() -> None:
    rows = gains(TWO, {"a": {0}, "b": {None}}) - np.vstack([TWO.evidence, np.zeros((1, 4 * SECOND))])
    assert rows.sum(axis=1).tolist() == pytest.approx([2 * LABEL, 0, 2 * LABEL])
