"""Compares captions that are drawn only when they change with captions drawn in every frame."""

import math
import re
from fractions import Fraction
from pathlib import Path

import ffmpeg
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.layout import Captions
from clipper_assets.captions.script_fonts import gather_fonts
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.rendering.burn_in import CAPTIONS_FILE, FONTS_FOLDER, burn_captions, changed_frames
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets_tests.support.media import words


@pytest.mark.parametrize(
    ("style_name", "hook", "tolerance"),
    [("pop", None, 3), ("classic", None, 20), ("marker", None, 30), ("pop", "Listen", 0)],
)
def test_frames_look_as_if_captions_were_drawn_in_each(
    style_name: str, hook: str | None, tolerance: int, tmp_path: Path
) -> None:
    """Only luma on antialiased edges may differ, if these lack the outline's colour or the outline is hollow."""
    fps = Fraction(30000, 1001)
    spoken_words = words("one, two 3 four five six", each_s=0.23, start_s=0.1)
    captions = Captions(spoken_words, load_style(style_name), FRAMES[Aspect.portrait], 1.8, hook)
    (tmp_path / CAPTIONS_FILE).write_text(caption_ass(captions))
    gather_fonts(captions.faces, tmp_path / FONTS_FOLDER)
    card = ffmpeg.input(f"testsrc2=s=1080x1920:r={fps}:d=1.8", f="lavfi").filter("format", "yuv420p")
    plain = card.filter("setparams", colorspace="bt709", range="tv").filter_multi_output("split")
    anew = plain[1].filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER)
    difference = ffmpeg.filter([burn_captions(plain[0], captions, fps), anew], "blend", c0_mode="difference")
    measured = difference.filter("signalstats").filter("metadata", "print", key="lavfi.signalstats.YMAX")
    log = run(ffmpeg.get_args(measured.output("-", format="null")), cwd=tmp_path)
    errors = [int(luma) for luma in re.findall(r"YMAX=(\d+)", log)]
    assert len(errors) == 54
    assert max(errors) <= tolerance


@pytest.mark.parametrize(("fps", "at_rounding"), [(Fraction(25), 2), (Fraction(30000, 1001), 1), (Fraction(60), 5)])
def test_captions_are_drawn_in_few_frames(fps: Fraction, at_rounding: int) -> None:
    """Once per change, and twice where a frame is exactly at the time of the change, as the first always is."""
    captions = Captions(words("one two three four", each_s=0.5), load_style("pop"), FRAMES[Aspect.portrait], 10.0)
    spans = changed_frames(caption_ass(captions), fps)
    drawn = {number for first, end in spans for number in range(first, end)}
    assert {0, *(math.ceil(0.5 * word * fps) for word in range(4))} <= drawn
    assert len(drawn) == 5 + at_rounding


@given(
    spans_cs=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 50)), max_size=6),
    fps=st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(60)]),
    rounding_ms=st.sampled_from([-1e-6, 0.0, 1e-6]),
)
def test_every_frame_in_which_captions_change_is_drawn(
    spans_cs: list[tuple[int, int]], fps: Fraction, rounding_ms: float
) -> None:
    """An event is shown from its start up to its end; libass rounds the frame's time down to whole milliseconds."""
    events = [pysubs2.SSAEvent(start=start * 10, end=(start + length) * 10) for start, length in spans_cs]
    ass = pysubs2.SSAFile()
    ass.events = events
    drawn = {n for first, end in changed_frames(ass.to_string("ass"), fps) for n in range(first, end)}

    def shown(frame: int) -> list[bool]:
        time_ms = math.floor(1000 * frame / fps + rounding_ms)
        return [event.start <= time_ms < event.end for event in events]

    assert {n for n in range(1, math.ceil(2.1 * fps)) if shown(n) != shown(n - 1)} <= drawn
