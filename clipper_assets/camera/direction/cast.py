"""Who is in view in a shot, where their faces are, and which of them is heard."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clipper_assets.camera.scene import Boxes, Seconds, Shot, Track, Turn
from clipper_assets.media.frame import Box

Subject = tuple[int, ...]
"""The people who are framed together, from left to right: one, or some whose heads are side by side."""

SEEN_S = 0.5
"""A face that is seen for less than that (or half of a short shot) is nobody's."""
ABSENT_S = 1.0
"""A face that is not seen for longer than that has left the picture; before, a hand or a turned head hides it."""


@dataclass(frozen=True)
class Faces:
    """One person's face through one shot: times of shape (n,) in order, boxes of shape (n, 4) in source pixels."""

    times_s: Seconds
    boxes_px: Boxes

    def at(self, times_s: Seconds) -> Boxes:
        """Boxes at other times: straight between those that were seen, and as next to them before and after."""
        return np.stack([np.interp(times_s, self.times_s, side) for side in self.boxes_px.T], axis=1)

    def median(self, start_s: float, end_s: float) -> Box:
        """The usual place between two times, or the one nearest to them where the face is not seen between them."""
        inside = (self.times_s >= start_s) & (self.times_s < end_s)
        if not inside.any():
            return Box(*self.at(np.array([(start_s + end_s) / 2]))[0].tolist())
        return Box(*np.median(self.boxes_px[inside], axis=0).tolist())

    def seen(self) -> list[tuple[float, float]]:
        """From when to when the face is in the picture, in seconds."""
        gaps = np.flatnonzero(np.diff(self.times_s) > ABSENT_S) + 1
        return [
            (float(times[0]) - ABSENT_S / 2, float(times[-1]) + ABSENT_S / 2) for times in np.split(self.times_s, gaps)
        ]


@dataclass(frozen=True)
class Voice:
    """A subject is heard, whatever pauses there are in between."""

    start_s: float
    end_s: float
    subject: Subject

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Cast:
    """The people in view in a shot: their faces by person, and who is framed with whom, from left to right."""

    shot: Shot
    faces: Mapping[int, Faces]
    subjects: tuple[Subject, ...]

    def subject_of(self, people: Iterable[int]) -> Subject | None:
        """Whom to show for the first of these people who is in view; None where nobody of them is."""
        return next((subject for person in people for subject in self.subjects if person in subject), None)

    def medians(self, subject: Subject, start_s: float, end_s: float) -> list[Box]:
        """The usual place of each face of a subject between two times."""
        return [self.faces[person].median(start_s, end_s) for person in subject]

    def in_view(self, start_s: float, end_s: float) -> tuple[Subject, ...]:
        """The subjects of whom somebody is seen for most of the time between two times."""

        def seen_s(person: int) -> float:
            return sum(max(min(to_s, end_s) - max(from_s, start_s), 0.0) for from_s, to_s in self.faces[person].seen())

        return tuple(subject for subject in self.subjects if max(map(seen_s, subject)) >= (end_s - start_s) / 2)

    def voices(self, turns: Iterable[Turn], longest_pause_s: float) -> list[Voice]:
        """Who in view is heard when, in time order; the same subject again after a shorter pause goes on speaking."""
        heard: list[Voice] = []
        for turn in turns:
            subject = self.subject_of([] if turn.person is None else [turn.person])
            if turn.person is None or subject is None:
                continue
            for seen_from_s, seen_to_s in self.faces[turn.person].seen():
                start_s = max(turn.start_s, seen_from_s, self.shot.start_s)
                end_s = min(turn.end_s, seen_to_s, self.shot.end_s)
                if start_s >= end_s:
                    continue
                last = heard[-1] if heard else None
                stayed = last and last.subject == subject and last.end_s >= seen_from_s
                if last and stayed and start_s - last.end_s < longest_pause_s:
                    start_s = heard.pop().start_s
                heard.append(Voice(start_s, end_s, subject))
        return heard


def cast_of(shot: Shot, tracks: Iterable[Track], together_px: float) -> Cast:
    """Who is in view in a shot. People whose faces span no more than `together_px` either way are framed together."""
    found: dict[int, list[Track]] = {}
    for track in tracks:
        found.setdefault(track.person, []).append(track)
    faces = {person: joined for person, parts in found.items() if (joined := _faces(shot, parts))}
    places = {person: face.median(shot.start_s, shot.end_s) for person, face in faces.items()}
    subjects: list[Subject] = []
    for person in sorted(places, key=lambda person: (places[person].center_x, person)):
        together = (*subjects[-1], person) if subjects else ()
        if together and _span_px([places[each] for each in together]) <= together_px:
            subjects[-1] = together
        else:
            subjects.append((person,))
    return Cast(shot, faces, tuple(subjects))


def _span_px(boxes: Sequence[Box]) -> float:
    """The longer side of the rectangle around some boxes."""
    width = max(box.right for box in boxes) - min(box.left for box in boxes)
    height = max(box.bottom for box in boxes) - min(box.top for box in boxes)
    return max(width, height)


def _faces(shot: Shot, tracks: Sequence[Track]) -> Faces | None:
    """A person's tracks in a shot as one; None where they are too short to be anybody."""
    times_s = np.concatenate([track.times_s for track in tracks])
    boxes_px = np.concatenate([track.boxes_px for track in tracks])
    inside = np.flatnonzero((times_s >= shot.start_s) & (times_s < shot.end_s))
    order = inside[np.argsort(times_s[inside], kind="stable")]
    if not len(order) or np.ptp(times_s[order]) < min(SEEN_S, (shot.end_s - shot.start_s) / 2):
        return None
    return Faces(times_s[order], boxes_px[order])
