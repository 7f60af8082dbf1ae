"""Who is shown when: an editor's decisions over one shot of the source, from who is in view and who is heard.

The rules are those of multi-camera editing. The one who speaks is seen and every cut has a motive (C. J. Bowen,
Grammar of the Edit, 4th ed. 2018; the idiom "speaker visible" of Leake et al., Computational Video Editing for
Dialogue-Driven Scenes, SIGGRAPH 2017). Two pictures of the same person from the same side make a jump cut (Bowen's
30-degree rule), so nobody is cut to who is shown already. A shot has a minimum length (Liu, Rui, Gupta and Cadiz,
Automating Camera Management for Lecture Room Environments, CHI 2001). The figures are our own, for clips of a minute.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from clipper_assets.camera.direction.cast import Cast, Subject, Voice
from clipper_assets.camera.scene import Shot, Turn
from clipper_assets.shows.show import Layout

MIN_SHOT_S = 1.5
"""Between two cuts, those of the source apart: what is shown for less is a flash."""
LEAD_S = 0.2
"""A cut comes that much before the first word, but never into the last word before it."""
INTERJECTION_S = 1.0
"""Who says less than that ("Yes, exactly.") is not cut to."""
UNHEARD_S = 5.0
"""So long a listener or a pause is held; where nobody in view is heard for longer, everybody is shown."""

EXCHANGE_S = 3.0
EXCHANGE_TURNS = 4
EXCHANGE_SHARE = 0.25
"""Two people talk to each other where so many turns in a row are shorter than that and either says so much of it."""


@dataclass(frozen=True)
class Stretch:
    """A layout holds. `subjects` are who its panels show, from top to bottom, slides apart; nobody in `fit`."""

    start_s: float
    end_s: float
    layout: Layout
    subjects: tuple[Subject, ...]
    why: str


def stretches(cast: Cast, turns: Sequence[Turn], wish: Layout, held: Subject) -> list[Stretch]:
    """What to show from the start of a shot to its end, without gaps.

    `held` are the people whom the shot before showed. A wish other than `auto` that cannot be met gives way to
    `speaker`, and that to `fit`; `why` says so.
    """
    shot = cast.shot
    if not cast.subjects:
        return [Stretch(shot.start_s, shot.end_s, Layout.fit, (), "no face in view")]
    editor = _Editor(cast, wish, cast.voices(turns, UNHEARD_S), held)
    cuts = _timed(shot, editor.wanted())
    ends = [cut.start_s for cut in cuts[1:]] + [shot.end_s]
    unmet = editor.unmet()
    return [replace(cut, end_s=end_s, why=unmet + cut.why) for cut, end_s in zip(cuts, ends, strict=True)]


@dataclass(frozen=True)
class _Editor:
    cast: Cast
    wish: Layout
    voices: Sequence[Voice]
    held: Subject

    def wanted(self) -> list[Stretch]:
        """What one would show if a cut cost nothing, in time order, apart, and each unlike the one before."""
        found = sorted([*self._heard(), *self._unheard()], key=lambda stretch: stretch.start_s)
        runs = [list(run) for _, run in groupby(found, key=_shown)]
        return [replace(run[0], end_s=run[-1].end_s) for run in runs]

    def unmet(self) -> str:
        """What keeps the wish from being met, as the beginning of a reason."""
        if self.wish == Layout.screen and self._alone != Layout.screen:
            return "no screen in view; "
        if self.wish == Layout.split and len(self.cast.subjects) == 1:
            return "nobody to share a split with; "
        return ""

    @property
    def _alone(self) -> Layout:
        """The layout for one subject."""
        has_screen = self.cast.shot.screen is not None and self.wish in {Layout.auto, Layout.screen}
        return Layout.screen if has_screen else Layout.speaker

    def _heard(self) -> Iterator[Stretch]:
        pairs = self._pairs()
        for voice in self.voices:
            pair = next((pair for start_s, end_s, pair in pairs if start_s <= voice.start_s < end_s), ())
            if voice.subject in pair and set(pair) <= set(self.cast.in_view(voice.start_s, voice.end_s)):
                yield Stretch(voice.start_s, voice.end_s, Layout.split, pair, f"{_names(pair)} talk")
            else:
                why = f"{_names([voice.subject])} {'speaks' if len(voice.subject) == 1 else 'speak'}"
                yield Stretch(voice.start_s, voice.end_s, self._alone, (voice.subject,), why)

    def _pairs(self) -> list[tuple[float, float, tuple[Subject, ...]]]:
        """From when to when two subjects share the picture, and which, from left to right."""
        subjects = self.cast.subjects
        if self.wish == Layout.split and len(subjects) > 1:
            said_s = {subject: sum(v.duration_s for v in self.voices if v.subject == subject) for subject in subjects}
            pair = sorted(subjects, key=lambda subject: -said_s[subject])[:2]
            runs = [(self.cast.shot.start_s, self.cast.shot.end_s, pair)]
        elif self.wish == Layout.auto and self._alone == Layout.speaker:
            runs = [(run[0].start_s, run[-1].end_s, [v.subject for v in run]) for run in _exchanges(self.voices)]
        else:
            runs = []
        return [(start_s, end_s, tuple(s for s in subjects if s in pair)) for start_s, end_s, pair in runs]

    def _unheard(self) -> Iterator[Stretch]:
        """What to show in the pauses that whoever is shown cannot be held through."""
        shot = self.cast.shot
        starts = [shot.start_s, *(voice.end_s for voice in self.voices)]
        ends = [*(voice.start_s for voice in self.voices), shot.end_s]
        before = [self.cast.subject_of(self.held), *(voice.subject for voice in self.voices)]
        for start_s, end_s, held in zip(starts, ends, before, strict=True):
            in_view = self.cast.in_view(start_s, end_s)
            has_left = held is not None and held not in in_view
            long = end_s - start_s >= (MIN_SHOT_S if has_left else UNHEARD_S)
            opens = start_s == shot.start_s and (not self.voices or (held and end_s - start_s >= MIN_SHOT_S + LEAD_S))
            if long or opens:
                layout, subjects = self._without_voice(held, in_view, long=long)
                yield Stretch(start_s, end_s - LEAD_S, layout, subjects, "nobody in view is heard")

    def _without_voice(
        self, held: Subject | None, in_view: tuple[Subject, ...], *, long: bool
    ) -> tuple[Layout, tuple[Subject, ...]]:
        """The one who is held or alone in view, or everybody."""
        can_share = len(in_view) == 2 and self._alone == Layout.speaker and self.wish != Layout.speaker
        if can_share and (long or held not in in_view or self.wish == Layout.split):
            return Layout.split, in_view
        shown = in_view[0] if len(in_view) == 1 and held is None else held
        if shown in in_view and (not long or len(in_view) == 1 or self._alone == Layout.screen):
            return self._alone, (shown,)
        return Layout.fit, ()


def _shown(stretch: Stretch) -> tuple[Layout, tuple[Subject, ...]]:
    return stretch.layout, stretch.subjects


def _exchanges(voices: Sequence[Voice]) -> Iterator[Sequence[Voice]]:
    """The runs of voices in which two subjects talk to each other."""
    first = 0
    while first < len(voices):
        end = first
        while end < len(voices) and _goes_on(voices[first:end], voices[end]):
            end += 1
        run = voices[first:end]
        said_s = [voice.duration_s for voice in run]
        share = sum(said_s[1::2]) / sum(said_s) if run else 0.0
        if len(run) >= EXCHANGE_TURNS and EXCHANGE_SHARE <= share <= 1 - EXCHANGE_SHARE:
            yield run
            first = end
        else:
            first += 1


def _goes_on(run: Sequence[Voice], voice: Voice) -> bool:
    """Whether a voice belongs to the exchange of those before it: it is short, soon, and the other one's."""
    if voice.duration_s >= EXCHANGE_S or (run and voice.start_s - run[-1].end_s >= EXCHANGE_S):
        return False
    return (not run or voice.subject != run[-1].subject) and (len(run) < 2 or voice.subject == run[-2].subject)


def _timed(shot: Shot, wanted: Sequence[Stretch]) -> list[Stretch]:
    """What is worth a cut, each from the time of its cut on."""
    longest = max(wanted, key=lambda stretch: stretch.end_s - stretch.start_s)
    first = next((each for each in wanted if each.end_s - each.start_s >= INTERJECTION_S), longest)
    cuts = [replace(first, start_s=shot.start_s)]
    for before, each in pairwise(wanted):
        at_s = max(each.start_s - LEAD_S, before.end_s, cuts[-1].start_s + MIN_SHOT_S)
        is_long = each.end_s - max(at_s, each.start_s) >= INTERJECTION_S and shot.end_s - at_s >= MIN_SHOT_S
        if is_long and _shown(each) != _shown(cuts[-1]):
            cuts.append(replace(each, start_s=at_s))
    return cuts


def _names(subjects: Sequence[Subject]) -> str:
    people = [str(person) for subject in subjects for person in subject]
    return f"person {people[0]}" if len(people) == 1 else f"persons {' and '.join(people)}"
