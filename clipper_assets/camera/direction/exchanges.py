"""Finds the exchanges of a conversation: stretches in which a few people talk to each other in short turns."""

from collections.abc import Iterator, Sequence

from clipper_assets.camera.direction.cast import Subject, Voice

EXCHANGE_S = 3.0
EXCHANGE_TURNS = 2
EXCHANGE_SHARE = 0.5
"""An exchange of two to four people: turns that are shorter than `EXCHANGE_S` and follow each other sooner than that.
There are at least `EXCHANGE_TURNS` for each person, and each person has at least `EXCHANGE_SHARE` of an equal share of
the speaking time."""
MOST_PEOPLE = 4
"""As many as a grid shows."""


def exchanges(voices: Sequence[Voice]) -> Iterator[Sequence[Voice]]:
    """The exchanges in time order; of those that begin with the same voice, the longest, and then the fewest people."""
    first = 0
    while first < len(voices):
        runs = [_run(voices[first:], people) for people in range(2, MOST_PEOPLE + 1)]
        longest = max((run for run in runs if _is_exchange(run)), key=len, default=None)
        if longest:
            yield longest
        first += len(longest) if longest else 1


def _run(voices: Sequence[Voice], most_people: int) -> Sequence[Voice]:
    """The first voices that are short, follow each other soon and belong to at most this number of subjects."""
    subjects: set[Subject] = set()
    for number, voice in enumerate(voices):
        before = voices[number - 1] if number else None
        subjects.add(voice.subject)
        is_late = before and (before.subject == voice.subject or voice.start_s - before.end_s >= EXCHANGE_S)
        if voice.duration_s >= EXCHANGE_S or is_late or len(subjects) > most_people:
            return voices[:number]
    return voices


def _is_exchange(run: Sequence[Voice]) -> bool:
    spoken_s: dict[Subject, float] = {}
    for voice in run:
        spoken_s[voice.subject] = spoken_s.get(voice.subject, 0.0) + voice.duration_s
    people = len(spoken_s)
    is_long = people > 1 and len(run) >= EXCHANGE_TURNS * people
    return is_long and min(spoken_s.values()) >= EXCHANGE_SHARE / people * sum(spoken_s.values())
