"""The people in view in a shot: where their faces are, who is framed together, and who is heard when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clipper_assets.camera.scene import Boxes, Seconds, Shot, Track, Turn
from clipper_assets.media.frame import Box

Subject = tuple[int, ...]
"""The people who are framed together, from left to right: one person, or several whose heads are side by side."""

TILE_MARGIN = 0.01
"""What is cut off each side of a participant's tile, as a share of its width and height: the seam to the gutter, which
compression blurs, and most of the rounded corners that conference software draws."""

SEEN_S = 0.5
"""A face that is seen for less time (or less than half of a short shot) is ignored."""
ABSENT_S = 1.0
"""A face missing for longer has left the picture; for less, it is only hidden, by a hand or a turned head."""


@dataclass(frozen=True)
class Faces:
    """One person's face during one shot: sorted times of shape (n,), boxes of shape (n, 4) in source pixels."""

    times_s: Seconds
    boxes_px: Boxes

    def at(self, times_s: Seconds) -> Boxes:
        """Boxes at other times: linear between known ones, constant before the first and after the last."""
        return np.stack([np.interp(times_s, self.times_s, side) for side in self.boxes_px.T], axis=1)

    def median(self, start_s: float, end_s: float) -> Box:
        """The median box between two times; interpolated at their middle if the face is not seen in between."""
        inside = (self.times_s >= start_s) & (self.times_s < end_s)
        if not inside.any():
            return Box(*self.at(np.array([(start_s + end_s) / 2]))[0].tolist())
        return Box(*np.median(self.boxes_px[inside], axis=0).tolist())

    def seen(self) -> list[tuple[float, float]]:
        """Start and end in seconds of each stretch in which the face is in the picture."""
        gaps = np.flatnonzero(np.diff(self.times_s) > ABSENT_S) + 1
        return [
            (float(times[0]) - ABSENT_S / 2, float(times[-1]) + ABSENT_S / 2) for times in np.split(self.times_s, gaps)
        ]


@dataclass(frozen=True)
class Voice:
    """A stretch in which one subject is heard, including short pauses.

    `rivals` are other subjects in view who look as if they speak too.
    """

    start_s: float
    end_s: float
    subject: Subject
    rivals: tuple[Subject, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Cast:
    """The people in view in a shot: their faces by person number, and the subjects.

    Subjects are in order from left to right, or, in a remote recording, row by row.
    """

    shot: Shot
    faces: Mapping[int, Faces]
    subjects: tuple[Subject, ...]

    tiles: Mapping[int, Box | None]
    """By person, the tile of a remote recording in which the face is, without its edges; None outside all tiles."""

    def subject_of(self, people: Iterable[int]) -> Subject | None:
        """The subject of the first of these people who is in view; None if none of them is."""
        return next((subject for person in people for subject in self.subjects if person in subject), None)

    def medians(self, subject: Subject, start_s: float, end_s: float) -> list[Box]:
        """The median box of each face of a subject between two times."""
        return [self.faces[person].median(start_s, end_s) for person in subject]

    def in_view(self, start_s: float, end_s: float) -> tuple[Subject, ...]:
        """The subjects with a face that is seen for at least half of the time between two times."""

        def seen_s(person: int) -> float:
            return sum(max(min(to_s, end_s) - max(from_s, start_s), 0.0) for from_s, to_s in self.faces[person].seen())

        return tuple(subject for subject in self.subjects if max(map(seen_s, subject)) >= (end_s - start_s) / 2)

    def voices(self, turns: Iterable[Turn], longest_pause_s: float) -> list[Voice]:
        """When each subject in view is heard, in time order; pauses below `longest_pause_s` do not end a voice."""
        voices: list[Voice] = []
        for turn in turns:
            subject = self.subject_of([] if turn.person is None else [turn.person])
            if turn.person is None or subject is None:
                continue
            for seen_from_s, seen_to_s in self.faces[turn.person].seen():
                start_s = max(turn.start_s, seen_from_s, self.shot.start_s)
                end_s = min(turn.end_s, seen_to_s, self.shot.end_s)
                if start_s >= end_s:
                    continue
                doubtful = {self.subject_of([rival]) for rival in turn.rivals} - {subject}
                rivals = tuple(other for other in self.in_view(start_s, end_s) if other in doubtful)
                last = voices[-1] if voices else None
                stayed = last and (last.subject, last.rivals) == (subject, rivals) and last.end_s >= seen_from_s
                if last and stayed and start_s - last.end_s < longest_pause_s:
                    start_s = voices.pop().start_s
                voices.append(Voice(start_s, end_s, subject, rivals))
        return voices


def cast_of(shot: Shot, tracks: Iterable[Track], together_px: Callable[[Box | None], float]) -> Cast:
    """The cast of a shot. People whose faces span a small width and height, in the same tile, form one subject.

    `together_px` returns the largest such span for a tile, or for the whole picture.
    """
    tracks_of: dict[int, list[Track]] = {}
    for track in tracks:
        tracks_of.setdefault(track.person, []).append(track)
    faces = {person: joined for person, parts in tracks_of.items() if (joined := _faces(shot, parts))}
    places = {person: face.median(shot.start_s, shot.end_s) for person, face in faces.items()}
    numbers = {person: _tile_number(shot, place) for person, place in places.items()}
    in_order = [*map(_inside, shot.tiles), None]
    tiles = {person: in_order[number] for person, number in numbers.items()}
    subjects: list[Subject] = []
    for person in sorted(places, key=lambda person: (numbers[person], places[person].center_x, person)):
        together = (*subjects[-1], person) if subjects else ()
        is_one_tile = len({numbers[member] for member in together}) == 1
        if is_one_tile and _span_px([places[member] for member in together]) <= together_px(tiles[person]):
            subjects[-1] = together
        else:
            subjects.append((person,))
    return Cast(shot, faces, tuple(subjects), tiles)


def _tile_number(shot: Shot, face: Box) -> int:
    """The number of the tile that contains the centre of a face; the number of tiles if none does."""
    for number, tile in enumerate(shot.tiles):
        if tile.left <= face.center_x < tile.right and tile.top <= face.center_y < tile.bottom:
            return number
    return len(shot.tiles)


def _inside(tile: Box) -> Box:
    across, down = TILE_MARGIN * tile.width, TILE_MARGIN * tile.height
    return Box(tile.left + across, tile.top + down, tile.width - 2 * across, tile.height - 2 * down)


def _span_px(boxes: Sequence[Box]) -> float:
    """The longer side of the rectangle around the boxes."""
    width = max(box.right for box in boxes) - min(box.left for box in boxes)
    height = max(box.bottom for box in boxes) - min(box.top for box in boxes)
    return max(width, height)


def _faces(shot: Shot, tracks: Sequence[Track]) -> Faces | None:
    """A person's tracks in a shot, joined; None if they are too short to count."""
    times_s = np.concatenate([track.times_s for track in tracks])
    boxes_px = np.concatenate([track.boxes_px for track in tracks])
    inside = np.flatnonzero((times_s >= shot.start_s) & (times_s < shot.end_s))
    order = inside[np.argsort(times_s[inside], kind="stable")]
    if not len(order) or np.ptp(times_s[order]) < min(SEEN_S, (shot.end_s - shot.start_s) / 2):
        return None
    return Faces(times_s[order], boxes_px[order])
