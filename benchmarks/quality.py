"""Measures the quality of an encoded clip: VMAF against the same frames before encoding."""

import json
from pathlib import Path

from clipper_assets.media.ffmpeg import run

EVERY_NTH_FRAME = 3


def vmaf(clip: Path, lossless: Path, fps: int) -> float:
    """Returns the mean VMAF of `clip`, 0 to 100, over every third frame, by the model vmaf_v0.6.1 inside ffmpeg.

    Frames are paired by number. Raises ValueError if the numbers of frames differ, FfmpegError if ffmpeg lacks libvmaf.
    """
    counts = [_frames(file) for file in (clip, lossless)]
    if counts[0] != counts[1]:
        raise ValueError(
            f"{clip.name} has {counts[0]} frames, but {lossless.name} has {counts[1]}; they cannot be compared"
        )
    log = clip.with_suffix(".vmaf.json")
    even = f"setpts=N/{fps}/TB"
    compare = f"libvmaf=n_threads=2:n_subsample={EVERY_NTH_FRAME}:log_fmt=json:log_path={log.name}"
    graph = f"[0:v]{even}[clip];[1:v]{even}[whole];[clip][whole]{compare}"
    files = ["-i", str(clip.absolute()), "-i", str(lossless.absolute())]
    run([*files, "-lavfi", graph, "-f", "null", "-"], cwd=log.parent)
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _frames(file: Path) -> int:
    import av

    with av.open(str(file)) as container:
        return container.streams.video[0].frames
