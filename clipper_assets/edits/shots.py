"""Chooses the camera of single shots: which layout and which faces a clip shows from one time to another."""

from collections.abc import Iterable
from math import inf

from clipper_assets.edits.adverts import remaining
from clipper_assets.edits.model import EditedSpan, Edits, ShotChoice
from clipper_assets.shows.show import Layout

MOST_CHOICES = 1000
"""Most shots of an episode that can be chosen by hand: 40 clips with a choice every four seconds."""
SHORTEST_S = 0.5
"""The shortest stretch whose camera can be chosen; a shorter picture cannot be recognised."""
FACES = {
    Layout.auto: {1},
    Layout.speaker: {0, 1},
    Layout.split: {0, 2},
    Layout.grid: {0, 3, 4},
    Layout.screen: {0, 1},
    Layout.fit: {0},
    Layout.center: {0},
}
"""How many faces can be chosen with each layout."""


def refuse_wrong_number(layout: Layout, faces: int) -> None:
    """Raise ValueError, with a message for people, if this many faces cannot be chosen with a layout."""
    allowed = FACES[layout]
    if faces in allowed:
        return
    most = max(allowed)
    if not most:
        raise ValueError(f"the layout {layout.value} shows no single face, so choose none")
    counts = " or ".join(str(count) for count in sorted(allowed - {0}))
    raise ValueError(
        f"the layout {layout.value} shows {counts} {'face' if most == 1 else 'faces'}, but {faces} "
        f"{'is' if faces == 1 else 'are'} chosen"
    )


def with_choice(edits: Edits, choice: ShotChoice, duration_s: float = inf) -> Edits:
    """The next version of the edits, in which a person chose the camera of a shot.

    It replaces the parts of earlier choices that it overlaps, and ends at the end of the episode, at `duration_s`.
    Raises ValueError, with a message for people, if it is too short, if it begins after the episode, if the layout does
    not show that many faces, or if there would be more than `MOST_CHOICES`.
    """
    refuse_wrong_number(choice.layout, len(choice.faces))
    choice = _until(choice, duration_s)
    length_s = choice.end - choice.start
    if length_s < SHORTEST_S:
        raise ValueError(f"the shot would last {length_s:.2f} s; choose one of at least {SHORTEST_S} s")
    shots = sorted([*_without(edits.shots, choice), choice], key=lambda shot: shot.start)
    if len(shots) > MOST_CHOICES:
        raise ValueError(f"the camera of at most {MOST_CHOICES} shots of an episode can be chosen; choose longer ones")
    return edits.followed_by(f"chose the camera from {choice.start:.1f} to {choice.end:.1f} s", shots=shots)


def without_choices(edits: Edits, span: EditedSpan) -> Edits:
    """The next version of the edits, in which the camera of a stretch is automatic again."""
    what = f"made the camera automatic from {span.start:.1f} to {span.end:.1f} s"
    return edits.followed_by(what, shots=_without(edits.shots, span))


def _until(choice: ShotChoice, duration_s: float) -> ShotChoice:
    if choice.start >= duration_s:
        raise ValueError(f"no shot starts at {choice.start:.1f} s, because the episode lasts {duration_s:.1f} s")
    return choice.model_copy(update={"end": min(choice.end, duration_s)})


def _without(shots: Iterable[ShotChoice], gone: EditedSpan) -> list[ShotChoice]:
    """The choices with the part that is in `gone` cut out; rests too short to be chosen are dropped."""
    return [
        shot.model_copy(update={"start": start, "end": end})
        for shot in shots
        for start, end in remaining((shot.start, shot.end), [(gone.start, gone.end)], shortest_s=SHORTEST_S)
    ]
