from dataclasses import replace

import pytest

from benchmarks.encoders import BEFORE, OURS, Point, mean_of, verdicts
from benchmarks.encoders_plot import front

THEIRS = Point(cpu=1.0, mbit=6.0, vmaf=93.0, xpsnr=38.0)
BETTER = Point(cpu=0.4, mbit=7.0, vmaf=94.0, xpsnr=38.5)


def failed(**faces: float) -> list[str]:
    points = {
        BEFORE: {"faces": THEIRS, "slides": THEIRS},
        OURS: {"faces": replace(BETTER, **faces), "slides": BETTER},
    }
    return [verdict.subject for verdict in verdicts(points) if not verdict.holds]


def test_the_mean_of_points_is_that_of_each_figure() -> None:
    assert mean_of([THEIRS, BETTER]) == Point(0.7, 6.5, 93.5, 38.25)


@pytest.mark.parametrize(
    ("faces", "subjects"),
    [
        ({}, []),
        ({"vmaf": 92.99}, ["faces, VMAF; a2d2b61's"]),
        ({"xpsnr": 37.9}, ["faces, XPSNR; a2d2b61's"]),
        ({"mbit": 12.1}, ["faces, Mbit/s", "bytes over a2d2b61's"]),
        ({"mbit": 11.5}, ["bytes over a2d2b61's"]),
        ({"cpu": 1.7}, ["CPU over a2d2b61's"]),
    ],
)
def test_a_kind_that_got_worse_fails_its_limit(faces: dict[str, float], subjects: list[str]) -> None:
    assert failed(**faces) == subjects


def test_the_front_has_what_nothing_exceeds_in_cost_and_quality() -> None:
    assert front([(2.0, 95.0), (0.5, 94.0), (1.0, 96.0), (0.5, 93.0), (3.0, 97.0)]) == [
        (0.5, 94.0),
        (1.0, 96.0),
        (3.0, 97.0),
    ]
