"""Cuts the removed stretches out of a clip's video and audio, exact to the frame and to the sample."""

from collections.abc import Sequence
from fractions import Fraction

import ffmpeg

from clipper_assets.clips.cuts import TimeMap
from clipper_assets.episodes.audio import PROGRAMME_RATE_HZ, Stream

FADE_S = 0.01
"""Length of the fades at both ends of every piece, which prevent clicks."""


def trim_picture(picture: Stream, cuts: TimeMap, fps: Fraction) -> Stream:
    """Join the kept frames; `picture` is the window at `fps` and may continue after its end."""
    spans = _spans(cuts, fps)
    picture = picture.filter("trim", end_frame=spans[-1][1])
    if len(spans) == 1 and spans[0][0] == 0:
        return picture
    return picture.filter("select", in_any_span(spans)).filter("setpts", f"N/({fps}*TB)")


def trim_sound(sound: Stream, cuts: TimeMap) -> Stream:
    """Join the kept sound, faded at the cuts; `sound` is that of the window at 48 kHz and may end early."""
    spans = _spans(cuts, PROGRAMME_RATE_HZ)
    sound = sound.filter("apad", whole_len=spans[-1][1])
    if len(spans) == 1:
        return _piece(sound, *spans[0])
    copies = sound.filter_multi_output("asplit", len(spans))
    pieces = [_piece(copies[number], *span) for number, span in enumerate(spans)]
    return ffmpeg.filter(pieces, "concat", n=len(pieces), v=0, a=1)


def in_any_span(spans: Sequence[tuple[int, int]]) -> str:
    """An ffmpeg expression that is true if a frame's number is in one of the spans (first, end); `end` is exclusive.

    Terms are nested by halves, because ffmpeg accepts only about a hundred terms in a row.
    """
    if len(spans) == 1:
        return f"between(n,{spans[0][0]},{spans[0][1] - 1})"
    middle = len(spans) // 2
    return f"({in_any_span(spans[:middle])}+{in_any_span(spans[middle:])})"


def _piece(sound: Stream, first: int, end: int) -> Stream:
    return (
        sound.filter("atrim", start_sample=first, end_sample=end)
        .filter("asetpts", "PTS-STARTPTS")
        .filter("afade", type="in", duration=FADE_S)
        .filter("afade", type="out", start_time=f"{(end - first) / PROGRAMME_RATE_HZ - FADE_S:.6f}", duration=FADE_S)
    )


def _spans(cuts: TimeMap, rate: Fraction | int) -> list[tuple[int, int]]:
    """First frame (or sample) of each piece and the one after its last, at the given rate."""
    return [(round(start_s * rate), round(end_s * rate)) for start_s, end_s in cuts.kept]
