"""Decides who is shown when within one shot of the source, from who is in view and who is heard.

The rules are those of multi-camera editing. The speaker is visible and every cut has a motive (C. J. Bowen, Grammar of
the Edit, 4th ed. 2018; the idiom "speaker visible" of Leake et al., Computational Video Editing for Dialogue-Driven
Scenes, SIGGRAPH 2017). Two pictures of the same person from the same side make a jump cut (Bowen's 30-degree rule), so
there is no cut to somebody who is shown already. A picture has a minimum length (Liu, Rui, Gupta and Cadiz, Automating
Camera Management for Lecture Room Environments, CHI 2001). The numbers are our own, for clips of a minute.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from clipper_assets.camera.direction.cast import Cast, Subject, Voice
from clipper_assets.camera.direction.exchanges import exchanges
from clipper_assets.camera.scene import Shot, Turn
from clipper_assets.shows.show import Layout

MIN_SHOT_S = 1.5
"""Least time between two cuts, except cuts of the source; a shorter picture looks like a flash."""
LEAD_S = 0.2
"""How long a cut comes before a speaker's first word, but never within the previous speaker's last word."""
INTERJECTION_S = 1.0
"""Shorter utterances, such as "Yes, exactly.", cause no cut."""
UNHEARD_S = 5.0
"""The camera stays on a person for this long while nobody in view is heard; after that, it shows everybody."""

SHARED = {2: Layout.split, 3: Layout.grid, 4: Layout.grid}
"""The layout that shows several subjects at once, by their number; `fit` shows more."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of one layout. `subjects` are shown by its panels in their order, except slides; none for `fit`."""

    start_s: float
    end_s: float
    layout: Layout
    subjects: tuple[Subject, ...]
    why: str


def stretches(cast: Cast, turns: Sequence[Turn], requested: Layout, previous: Subject) -> list[Stretch]:
    """The stretches of a shot from its start to its end, without gaps.

    `previous` is the subject that was shown last before the shot. If the `requested` layout is not possible, `speaker`
    is used, and `fit` if nobody is in view; `why` says so.
    """
    shot = cast.shot
    if not cast.subjects:
        return [Stretch(shot.start_s, shot.end_s, Layout.fit, (), "no face in view")]
    editor = _Editor(cast, requested, cast.voices(turns, UNHEARD_S), previous)
    cuts = _timed(shot, editor.ideal())
    ends = [cut.start_s for cut in cuts[1:]] + [shot.end_s]
    remark = editor.unmet_request()
    return [replace(cut, end_s=end_s, why=remark + cut.why) for cut, end_s in zip(cuts, ends, strict=True)]


@dataclass(frozen=True)
class _Editor:
    cast: Cast
    requested: Layout
    voices: Sequence[Voice]
    previous: Subject

    def ideal(self) -> list[Stretch]:
        """What to show if cuts could be as frequent as one likes: in time order, without overlap or repetition."""
        candidates = sorted([*self._with_voice(), *self._without_voice()], key=lambda stretch: stretch.start_s)
        runs = [list(run) for _, run in groupby(candidates, key=_shown)]
        return [replace(run[0], end_s=run[-1].end_s) for run in runs]

    def unmet_request(self) -> str:
        """Why the requested layout is not possible, as the beginning of `why`; empty if it is possible."""
        if self.requested == Layout.screen and self._single_layout != Layout.screen:
            return "no screen in view; "
        people = len(self.cast.subjects)
        if people == 1 and self.requested in {Layout.split, Layout.grid}:
            return f"only one person in view, so no {self.requested.value}; "
        if people == 2 and self.requested == Layout.grid:
            return "only two people in view, so no grid; "
        return ""

    @property
    def _single_layout(self) -> Layout:
        """The layout that shows a single subject."""
        has_screen = self.cast.shot.screen is not None and self.requested in {Layout.auto, Layout.screen}
        return Layout.screen if has_screen else Layout.speaker

    def _with_voice(self) -> Iterator[Stretch]:
        groups = self._groups()
        for voice in self.voices:
            group = next((group for start_s, end_s, group in groups if start_s <= voice.start_s < end_s), ())
            speaking = tuple(s for s in self.cast.subjects if s == voice.subject or s in voice.rivals)
            in_view = self.cast.in_view(voice.start_s, voice.end_s)
            if set(speaking) <= set(group) <= set(in_view):
                yield Stretch(voice.start_s, voice.end_s, SHARED[len(group)], group, f"{_names(group)} talk")
            elif voice.rivals:
                quantity = "both" if len(speaking) == 2 else "all"
                why = f"{_names(speaking)} {quantity} look as if they speak"
                yield Stretch(voice.start_s, voice.end_s, *self._together(speaking), why)
            else:
                why = f"{_names(speaking)} {'speaks' if len(voice.subject) == 1 else 'speak'}"
                yield Stretch(voice.start_s, voice.end_s, self._single_layout, speaking, why)

    def _together(self, subjects: tuple[Subject, ...]) -> tuple[Layout, tuple[Subject, ...]]:
        """Layout and subjects of a picture of several subjects, none of whom may be left out."""
        may_share = self._single_layout == Layout.speaker and self.requested != Layout.speaker
        layout = SHARED.get(len(subjects), Layout.fit) if may_share else Layout.fit
        return layout, () if layout == Layout.fit else subjects

    def _groups(self) -> list[tuple[float, float, tuple[Subject, ...]]]:
        """Start, end and subjects (in the cast's order) of each stretch in which subjects share the picture."""
        subjects = self.cast.subjects
        if self.requested in {Layout.split, Layout.grid} and len(subjects) > 1:
            spoken_s = {subject: sum(v.duration_s for v in self.voices if v.subject == subject) for subject in subjects}
            most = 2 if self.requested == Layout.split else max(SHARED)
            group = sorted(subjects, key=lambda subject: -spoken_s[subject])[:most]
            runs = [(self.cast.shot.start_s, self.cast.shot.end_s, group)]
        elif self.requested == Layout.auto and self._single_layout == Layout.speaker:
            runs = [(run[0].start_s, run[-1].end_s, [v.subject for v in run]) for run in exchanges(self.voices)]
        else:
            runs = []
        return [(start_s, end_s, tuple(s for s in subjects if s in group)) for start_s, end_s, group in runs]

    def _without_voice(self) -> Iterator[Stretch]:
        """What to show in pauses in which the camera cannot stay on the subject that it shows."""
        shot = self.cast.shot
        starts = [shot.start_s, *(voice.end_s for voice in self.voices)]
        ends = [*(voice.start_s for voice in self.voices), shot.end_s]
        before = [self.cast.subject_of(self.previous), *(voice.subject for voice in self.voices)]
        for start_s, end_s, last in zip(starts, ends, before, strict=True):
            in_view = self.cast.in_view(start_s, end_s)
            has_left = last is not None and last not in in_view
            long = end_s - start_s >= (MIN_SHOT_S if has_left else UNHEARD_S)
            opens = start_s == shot.start_s and (not self.voices or (last and end_s - start_s >= MIN_SHOT_S + LEAD_S))
            if long or opens:
                layout, subjects = self._in_pause(last, in_view, long=long)
                yield Stretch(start_s, end_s - LEAD_S, layout, subjects, "nobody in view speaks")

    def _in_pause(
        self, last: Subject | None, in_view: tuple[Subject, ...], *, long: bool
    ) -> tuple[Layout, tuple[Subject, ...]]:
        """Layout and subjects of a pause: the last or the only subject in view, or everybody.

        Everybody is shown in panels if two people are in view, or up to four in tiles: a whole picture of tiles shows
        nobody well.
        """
        shares = self.requested in {Layout.split, Layout.grid}
        most = max(SHARED) if self.cast.shot.tiles or self.requested == Layout.grid else 2
        layout, subjects = self._together(in_view if 2 <= len(in_view) <= most else ())
        if subjects and (long or last not in in_view or shares):
            return layout, subjects
        shown = in_view[0] if len(in_view) == 1 and last is None else last
        if shown in in_view and (not long or len(in_view) == 1 or self._single_layout == Layout.screen):
            return self._single_layout, (shown,)
        return Layout.fit, ()


def _shown(stretch: Stretch) -> tuple[Layout, tuple[Subject, ...]]:
    return stretch.layout, stretch.subjects


def _timed(shot: Shot, ideal: Sequence[Stretch]) -> list[Stretch]:
    """The ideal stretches that are long enough for a cut, each starting at the time of its cut."""
    longest = max(ideal, key=lambda stretch: stretch.end_s - stretch.start_s)
    first = next((stretch for stretch in ideal if stretch.end_s - stretch.start_s >= INTERJECTION_S), longest)
    cuts = [replace(first, start_s=shot.start_s)]
    for before, stretch in pairwise(ideal):
        at_s = max(stretch.start_s - LEAD_S, before.end_s, cuts[-1].start_s + MIN_SHOT_S)
        is_long = stretch.end_s - max(at_s, stretch.start_s) >= INTERJECTION_S and shot.end_s - at_s >= MIN_SHOT_S
        if is_long and _shown(stretch) != _shown(cuts[-1]):
            cuts.append(replace(stretch, start_s=at_s))
    return cuts


def _names(subjects: Sequence[Subject]) -> str:
    *people, last = map(str, sorted(person for subject in subjects for person in subject))
    return f"persons {', '.join(people)} and {last}" if people else f"person {last}"
