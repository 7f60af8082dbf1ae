"""Matching the transcript's voices to faces."""

import numpy as np

from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.analysis.voices import WindowSpeech, match_voices, person_of_voice

Row = list[float | None]
SECOND = 25


def speech(names: list[str | None], *faces: tuple[int, Row]) -> WindowSpeech:
    """One utterance a second by the named voices; a face is its person and evidence per second, None out of view."""
    rows = [np.repeat([np.nan if level is None else level for level in row], SECOND) for _, row in faces]
    utterances = [Utterance(number * SECOND, (number + 1) * SECOND, name) for number, name in enumerate(names)]
    return WindowSpeech(utterances, np.array(rows).reshape(-1, len(names) * SECOND), [person for person, _ in faces])


TWO = speech(["a", "b", "a", "b"], (0, [0.2, 0.0, 0.1, 0.1]), (1, [0.0, 0.3, 0.05, 0.2]))


def test_a_voice_belongs_to_the_face_that_moves_with_it() -> None:
    assert match_voices([TWO]) == {0: "a", 1: "b"}
    assert [person_of_voice(utterance, TWO, {0: "a", 1: "b"}) for utterance in TWO.utterances] == [0, 1, 0, 1]


def test_a_voice_has_one_owner_even_in_a_doubtful_utterance() -> None:
    wrong = speech(["a", "b", "a", "a"], (0, [0.2, 0.0, 0.2, 0.0]), (1, [0.0, 0.2, 0.0, 0.1]))
    owners = match_voices([wrong])
    assert owners == {0: "a", 1: "b"}
    assert person_of_voice(wrong.utterances[3], wrong, owners) == 0


def test_the_evidence_of_all_windows_is_combined() -> None:
    rest = speech(["a", "b"], (1, [0.0, 0.01]), (0, [0.01, 0.0]))
    assert match_voices([rest]) == {}
    assert match_voices([rest, TWO]) == {0: "a", 1: "b"}


def test_a_voice_without_a_face_has_no_person() -> None:
    window = speech(["a", "b", "c", "b"], (0, [0.2, 0.0, 0.1, 0.0]), (1, [0.0, 0.2, 0.1, 0.2]))
    owners = match_voices([window])
    assert owners == {0: "a", 1: "b"}
    assert person_of_voice(window.utterances[2], window, owners) is None


def test_the_owner_of_a_voice_in_a_close_up_is_known_from_other_times() -> None:
    alone: list[Row] = [[0.2, 0.0, None, None, 0.2], [None, None, 0.2, 0.0, None]]
    close = speech(["a", "b", "b", "a", "a"], (0, alone[0]), (1, alone[1]))
    owners = match_voices([close])
    assert owners == {0: "a", 1: "b"}
    # The other voice is heard over somebody's picture: they listen.
    assert [person_of_voice(utterance, close, owners) for utterance in close.utterances] == [0, None, 1, None, 0]


def test_two_person_numbers_of_one_person_share_the_voice() -> None:
    again = speech(
        ["a", "b", "a", "b"], (0, [0.2, 0.0, None, None]), (1, [0.0, 0.2, None, None]), (2, [None, None, 0.2, 0.0])
    )
    owners = match_voices([again])
    assert owners == {0: "a", 1: "b", 2: "a"}
    assert [person_of_voice(utterance, again, owners) for utterance in again.utterances] == [0, 1, 2, None]


def test_a_transcript_without_distinct_speakers_matches_no_voice() -> None:
    levels: tuple[tuple[int, Row], ...] = ((0, [0.2, 0.0]), (1, [0.0, 0.2]))
    assert match_voices([speech([None, None], *levels)]) == {}
    assert match_voices([speech(["a", "a"], *levels)]) == {}
    assert match_voices([speech(["a", "b"])]) == {}
