from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from clipper_assets.clips.rendering.card import card_picture, write_card
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect, Frame
from clipper_assets_tests.support.media import frame_at, frames, make, source_of

pytestmark = pytest.mark.episodes

ACCENT = "#00ff00"
PORTRAIT = FRAMES[Aspect.portrait]
FPS = Fraction(15)
TOP_PX = 740
"""Top of the tested part of the frames, which contains the bars and the area for captions."""

Colours = NDArray[np.int16]
"""Red, green and blue values of shape (height, width, 3)."""


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of silence and two of a tone at -17 dB RMS, with red cover art and without title or show in its tags."""
    folder = tmp_path_factory.mktemp("talk")
    cover = make(folder / "cover.png", "-f", "lavfi", "-i", "color=red:s=200x200", "-frames:v", "1", "-update", "1")
    sound = ["-f", "lavfi", "-i", "aevalsrc='0.2*sin(2*PI*440*t)*gte(t,1)':d=3:s=48000"]
    cover_art = ["-i", str(cover), "-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"]
    return make(folder / "a_talk.flac", *sound, *cover_art, "-c:a", "flac")


@pytest.fixture(scope="module")
def covered(talk: Path) -> RawVideo:
    return source_of(talk)


@pytest.fixture(scope="module")
def bare(covered: RawVideo) -> RawVideo:
    return replace(covered, cover_stream=None)


def card(source: RawVideo, media: Path, folder: Path, frame: Frame = PORTRAIT) -> Colours:
    """Draw the card, which must not need a fallback, and return its colours."""
    folder.mkdir()
    assert write_card(source, f"file:{media}", frame, ACCENT, folder, None) == ()
    return shown(folder)


def shown(folder: Path) -> Colours:
    return frame_at(folder / "card.png", 0, "rgb24").astype(np.int16)


def drawn(picture: Colours) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the bright area."""
    rows, columns = (np.flatnonzero((picture.max(axis=2) > 180).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


@pytest.mark.parametrize("aspect", list(Aspect))
def test_cover_art_is_sharp_above_the_captions_and_dimmed_around(
    aspect: Aspect, covered: RawVideo, talk: Path, tmp_path: Path
) -> None:
    frame = FRAMES[aspect]
    picture = card(covered, talk, tmp_path / "card", frame)
    assert picture.shape == (frame.height_px, frame.width_px, 3)
    left, top, right, bottom = drawn(picture)
    assert right - left == pytest.approx(bottom - top, abs=2)
    assert (left + right) / 2 == pytest.approx(frame.width_px / 2, abs=2)
    assert right - left > 0.4 * min(frame.width_px, frame.height_px)
    assert frame.safe.top / 2 <= top < bottom < frame.safe.bottom - 350
    assert picture[(top + bottom) // 2, frame.width_px // 2] == pytest.approx((254, 0, 0), abs=4)
    assert picture[top + 2, left + 2, 0] < 180  # a rounded corner
    assert picture[-10, 10] == pytest.approx((127, 0, 0), abs=4)


@pytest.mark.parametrize(
    ("title", "aspect"),
    [
        ("Ep. 1", Aspect.portrait),
        ("A title far longer than any that was ever read to its end on a phone " * 3, Aspect.square),
        ("x" * 200, Aspect.landscape),
        ("Почему {пчёлы}", Aspect.feed),
        (r"a \N b", Aspect.square),
        ("لماذا يرقص النحل؟", Aspect.portrait),
    ],
)
def test_names_stay_inside_the_safe_area_above_the_captions(
    title: str, aspect: Aspect, bare: RawVideo, talk: Path, tmp_path: Path
) -> None:
    frame = FRAMES[aspect]
    picture = card(replace(bare, title=title, show="Field Notes"), talk, tmp_path / "card", frame)
    left, top, right, bottom = drawn(picture)
    assert frame.safe.left <= left < right <= frame.safe.right
    assert frame.safe.top <= top < bottom < frame.safe.bottom - 350
    assert (left + right) / 2 == pytest.approx(frame.width_px / 2, abs=12)


def test_the_shows_name_is_above_the_title_in_the_accent_colour(bare: RawVideo, talk: Path, tmp_path: Path) -> None:
    picture = card(replace(bare, title="Bees", show="Field Notes"), talk, tmp_path / "card")
    green = (picture[..., 1] > 180) & (picture[..., 0] < 90)
    white = picture.min(axis=2) > 180
    assert green.any()
    assert np.flatnonzero(green.any(axis=1))[-1] < np.flatnonzero(white.any(axis=1))[0]


@pytest.fixture(scope="module")
def named_talk(bare: RawVideo, talk: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int, int, int]:
    """The place of the title "a talk" on a card."""
    return drawn(card(replace(bare, title="a talk"), talk, tmp_path_factory.mktemp("named") / "card"))


def test_without_a_title_the_card_shows_the_file_name(
    bare: RawVideo, named_talk: tuple[int, int, int, int], talk: Path, tmp_path: Path
) -> None:
    assert bare.title is None
    assert drawn(card(bare, talk, tmp_path / "card")) == named_talk


def test_cover_art_that_cannot_be_drawn_is_replaced_by_the_title_and_recorded(
    covered: RawVideo, named_talk: tuple[int, int, int, int], talk: Path, tmp_path: Path
) -> None:
    (tmp_path / "card").mkdir()
    broken = replace(covered, cover_stream=7)
    (fallback,) = write_card(broken, f"file:{talk}", PORTRAIT, ACCENT, tmp_path / "card", None)
    assert fallback.step == "rendered_clips"
    assert fallback.reason.startswith("the cover art could not be drawn, so the card shows the title: ffmpeg exited")
    assert drawn(shown(tmp_path / "card")) == named_talk


@pytest.fixture(scope="module")
def clip(bare: RawVideo, talk: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Colours]:
    """The frames of three seconds of the card, from `TOP_PX` down to the end of the captions' area."""
    folder = tmp_path_factory.mktemp("clip")
    write_card(bare, f"file:{talk}", PORTRAIT, ACCENT, folder, None)
    picture = card_picture(ffmpeg.input(f"file:{talk}")["a"], PORTRAIT, FPS, ACCENT)
    run(ffmpeg.get_args(picture.output("clip.mkv", t=3, vcodec="libx264", preset="ultrafast", crf=10)), cwd=folder)
    return [picture[TOP_PX:1250].astype(np.int16) for _, picture in frames(folder / "clip.mkv", "rgb24")]


def bar_heights(picture: Colours) -> list[int]:
    """The height of each of the 40 bars, in pixels of the accent colour in its middle column."""
    columns = [140 + 20 * number + 10 for number in range(40)]
    return [int((picture[: 900 - TOP_PX, column, 1] > 180).sum()) for column in columns]


def test_bars_grow_with_the_sound_from_the_middle_and_are_dots_in_silence(clip: list[Colours]) -> None:
    assert len(clip) == 45
    assert all(10 <= height <= 14 for height in bar_heights(clip[10]))
    early, late = bar_heights(clip[20]), bar_heights(clip[44])
    assert min(early[15:25]) > 60
    assert max(early[:10]) <= 14
    assert min(late) > 60
    for heights in (early, late):
        assert heights == pytest.approx(heights[::-1], abs=2)


def test_bars_have_round_ends_and_gaps(clip: list[Colours]) -> None:
    widths = (clip[44][: 900 - TOP_PX, 540:560, 1] > 180).sum(axis=1)
    rows = np.flatnonzero(widths)
    assert widths[(rows[0] + rows[-1]) // 2] == pytest.approx(12, abs=1)
    assert widths[rows[0]] < widths[rows[0] + 8]
    assert widths[rows[-1]] < widths[rows[-1] - 8]


def test_nothing_moves_in_the_area_of_the_captions(clip: list[Colours]) -> None:
    changes = [np.abs(picture - clip[0]) for picture in clip]
    assert max(change[900 - TOP_PX :].max() for change in changes) < 24
    assert max(change[: 900 - TOP_PX].max() for change in changes) > 150
