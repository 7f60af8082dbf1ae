"""Voices of the transcript and the faces that they belong to."""

import numpy as np

from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.analysis.voices import Heard, speaker, voices

Row = list[float | None]
SECOND = 25


def heard(said: list[str | None], *faces: tuple[int, Row]) -> Heard:
    """One utterance a second, of these voices; of each face the person and the evidence, None out of view."""
    rows = [np.repeat([np.nan if level is None else level for level in row], SECOND) for _, row in faces]
    utterances = [Utterance(number * SECOND, (number + 1) * SECOND, voice) for number, voice in enumerate(said)]
    return Heard(utterances, np.array(rows).reshape(-1, len(said) * SECOND), [person for person, _ in faces])


TWO = heard(["a", "b", "a", "b"], (0, [0.2, 0.0, 0.1, 0.1]), (1, [0.0, 0.3, 0.05, 0.2]))


def test_a_voice_belongs_to_the_face_that_speaks_while_it_is_heard() -> None:
    assert voices([TWO]) == {0: "a", 1: "b"}
    assert [speaker(utterance, TWO, {0: "a", 1: "b"}) for utterance in TWO.utterances] == [0, 1, 0, 1]


def test_it_is_decided_once_so_a_doubtful_phrase_follows_the_others() -> None:
    wrong = heard(["a", "b", "a", "a"], (0, [0.2, 0.0, 0.2, 0.0]), (1, [0.0, 0.2, 0.0, 0.1]))
    owners = voices([wrong])
    assert owners == {0: "a", 1: "b"}
    assert speaker(wrong.utterances[3], wrong, owners) == 0


def test_windows_count_together() -> None:
    rest = heard(["a", "b"], (1, [0.0, 0.01]), (0, [0.01, 0.0]))
    assert voices([rest]) == {}
    assert voices([rest, TWO]) == {0: "a", 1: "b"}


def test_a_voice_without_a_face_is_off_screen() -> None:
    asked = heard(["a", "b", "c", "b"], (0, [0.2, 0.0, 0.1, 0.0]), (1, [0.0, 0.2, 0.1, 0.2]))
    owners = voices([asked])
    assert owners == {0: "a", 1: "b"}
    assert speaker(asked.utterances[2], asked, owners) is None


def test_close_ups_are_told_by_their_mouths_at_other_times() -> None:
    alone: list[Row] = [[0.2, 0.0, None, None, 0.2], [None, None, 0.2, 0.0, None]]
    close = heard(["a", "b", "b", "a", "a"], (0, alone[0]), (1, alone[1]))
    owners = voices([close])
    assert owners == {0: "a", 1: "b"}
    # The other voice over somebody's picture: they listen.
    assert [speaker(utterance, close, owners) for utterance in close.utterances] == [0, None, 1, None, 0]


def test_one_person_in_two_set_ups_has_the_same_voice_twice() -> None:
    again = heard(
        ["a", "b", "a", "b"], (0, [0.2, 0.0, None, None]), (1, [0.0, 0.2, None, None]), (2, [None, None, 0.2, 0.0])
    )
    owners = voices([again])
    assert owners == {0: "a", 1: "b", 2: "a"}
    assert [speaker(utterance, again, owners) for utterance in again.utterances] == [0, 1, 2, None]


def test_a_transcript_that_tells_no_voices_apart_ties_none() -> None:
    levels: tuple[tuple[int, Row], ...] = ((0, [0.2, 0.0]), (1, [0.0, 0.2]))
    assert voices([heard([None, None], *levels)]) == {}
    assert voices([heard(["a", "a"], *levels)]) == {}
    assert voices([heard(["a", "b"])]) == {}
