"""The camera of single shots, as people chose it: kept in order, apart and within limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.edits import shots
from clipper_assets.edits.model import ChosenFace, Edits, ShotChoice, UnmarkedSpan
from clipper_assets.edits.shots import FACES, SHORTEST_S, with_choice, without_choices
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.timing import Span

NONE = Edits(version=0)
FACE = ChosenFace(time=12.0, x=0.25, y=0.4)


def choice(start: float, end: float, layout: Layout = Layout.speaker, *faces: ChosenFace) -> ShotChoice:
    return ShotChoice(start=start, end=end, layout=layout, faces=faces)


def spans(edits: Edits) -> list[Span]:
    return [(shot.start, shot.end) for shot in edits.shots]


def test_a_choice_is_the_next_version_and_survives_storing() -> None:
    edits = with_choice(NONE, choice(10, 15, Layout.auto, FACE))
    assert (edits.version, edits.base, edits.is_empty) == (1, 0, False)
    assert edits.what == "chose the camera from 10.0 to 15.0 s"
    assert Edits.model_validate_json(edits.model_dump_json()) == edits


def test_edits_without_choices_are_stored_as_earlier_versions_did() -> None:
    assert "shots" not in NONE.model_dump()
    assert Edits.model_validate({"version": 1}).shots == []


@pytest.mark.parametrize(
    ("later", "left"),
    [
        ((10, 20), [(10, 20)]),
        ((0, 30), [(0, 30)]),
        ((20, 30), [(10, 20), (20, 30)]),
        ((12, 14), [(10, 12), (12, 14), (14, 20)]),
        ((10.3, 20), [(10.3, 20)]),  # the rest would be too short to be chosen
    ],
)
def test_a_later_choice_replaces_what_it_overlaps(later: Span, left: list[Span]) -> None:
    edits = with_choice(with_choice(NONE, choice(10, 20, Layout.fit)), choice(*later, Layout.center))
    assert spans(edits) == left
    assert [shot.start for shot in edits.shots if shot.layout is Layout.center] == [later[0]]


def test_a_stretch_becomes_automatic_again() -> None:
    chosen = with_choice(with_choice(NONE, choice(10, 20)), choice(30, 40))
    edits = without_choices(chosen, UnmarkedSpan(start=15, end=35))
    assert spans(edits) == [(10, 15), (35, 40)]
    assert (edits.version, edits.what) == (3, "made the camera automatic from 15.0 to 35.0 s")


def test_choices_between_two_times() -> None:
    edits = with_choice(with_choice(NONE, choice(10, 20)), choice(30, 40))
    assert [shot.start for shot in edits.shots_between(15, 30)] == [10]
    assert edits.shots_between(20, 30) == []


def test_a_choice_ends_with_the_episode() -> None:
    assert spans(with_choice(NONE, choice(90, 120), duration_s=100)) == [(90, 100)]


MISTAKES = {
    "no shot starts at 120.0 s, because the episode lasts 100.0 s": choice(120, 130),
    "the shot would last 0.30 s; choose one of at least 0.5 s": choice(10, 10.3),
    "the layout fit shows no single face, so choose none": choice(10, 20, Layout.fit, FACE),
    "the layout speaker shows 1 face, but 2 are chosen": choice(10, 20, Layout.speaker, FACE, FACE),
    "the layout split shows 2 faces, but 1 is chosen": choice(10, 20, Layout.split, FACE),
    "the layout auto shows 1 face, but 0 are chosen": choice(10, 20, Layout.auto),
}


@pytest.mark.parametrize(("sentence", "mistaken"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes_are_told_in_one_sentence(sentence: str, mistaken: ShotChoice) -> None:
    with pytest.raises(ValueError, match="^" + sentence + "$"):
        with_choice(NONE, mistaken, duration_s=100)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shots, "MOST_CHOICES", 1)
    edits = with_choice(NONE, choice(10, 20))
    assert spans(with_choice(edits, choice(5, 20))) == [(5, 20)]
    with pytest.raises(ValueError, match="at most 1 shots"):
        with_choice(edits, choice(30, 40))


def test_every_layout_says_how_many_faces_it_shows() -> None:
    assert set(FACES) == set(Layout)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(SHORTEST_S, 20)), max_size=12))
def test_choices_stay_in_order_and_apart(chosen: list[tuple[float, float]]) -> None:
    edits = NONE
    for start, length in chosen:
        edits = with_choice(edits, choice(start, start + length + 0.01))
    for before, after in zip(spans(edits), spans(edits)[1:], strict=False):
        assert before[1] <= after[0]
    if chosen:
        assert (chosen[-1][0], chosen[-1][0] + chosen[-1][1] + 0.01) in spans(edits)
