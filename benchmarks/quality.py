"""Measures the quality of an encoded clip against the same frames before encoding: VMAF and XPSNR."""

import json
import re
from pathlib import Path

from clipper_assets.media.ffmpeg import run

EVERY_NTH_FRAME = 3
SAME_COLOURS = "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""Pixels are compared as they are: ffmpeg would convert them if the tags of the files differ."""
_MINIMUM = re.compile(r"XPSNR .*\(minimum: (\S+)\)")


def vmaf(clip: Path, lossless: Path, fps: int) -> float:
    """Returns the mean VMAF of `clip`, 0 to 100, over every third frame, by the model vmaf_v0.6.1 inside ffmpeg.

    Frames are paired by number. Raises ValueError if the numbers of frames differ, FfmpegError if ffmpeg lacks libvmaf.
    """
    log = clip.with_suffix(".vmaf.json")
    options = f"n_threads=2:n_subsample={EVERY_NTH_FRAME}:log_fmt=json:log_path={log.name}"
    _compare(clip, lossless, fps, f"[clip][lossless]libvmaf={options}")
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def xpsnr(clip: Path, lossless: Path, fps: int) -> float:
    """Returns the XPSNR of `clip` in dB, infinite for equal frames: the lowest average of the three planes.

    XPSNR weighs errors by how visible they are: less in texture and motion, more in flat areas. Source: Helmrich et
    al., "XPSNR: A Low-Complexity Extension of the Perceptually Weighted Peak Signal-to-Noise Ratio", ICASSP 2020. The
    documentation of ffmpeg's filter suggests to report the lowest plane. Raises as `vmaf` does.
    """
    log = _compare(clip, lossless, fps, "[lossless][clip]xpsnr")
    found = _MINIMUM.search(log)
    if found is None:
        raise ValueError(f"ffmpeg reported no XPSNR of {clip.name}: {log[-200:]}")
    return float(found[1])


def _compare(clip: Path, lossless: Path, fps: int, comparison: str) -> str:
    """Runs a filter with the inputs `[clip]` and `[lossless]` in the folder of `clip`, and returns ffmpeg's log."""
    counts = [_frames(file) for file in (clip, lossless)]
    if counts[0] != counts[1]:
        raise ValueError(
            f"{clip.name} has {counts[0]} frames, but {lossless.name} has {counts[1]}; they cannot be compared"
        )
    same = f"setpts=N/{fps}/TB,setparams={SAME_COLOURS}"
    files = ["-i", str(clip.absolute()), "-i", str(lossless.absolute())]
    graph = f"[0:v]{same}[clip];[1:v]{same}[lossless];{comparison}"
    return run([*files, "-lavfi", graph, "-f", "null", "-"], cwd=clip.parent)


def _frames(file: Path) -> int:
    import av

    with av.open(str(file)) as container:
        return container.streams.video[0].frames
