"""The pipeline of the previous service, rewritten for the benchmark without any code of this project.

It downloads the whole upload, cuts out the window (decoding from the start of the file), extracts the audio, writes the
frames as JPEG, crops them one by one in Python, encodes them, joins audio and video, and burns the captions with one
more encode: three encodes and a JPEG in a row. In its favour, no face tracker runs (the crop stays in the middle), and
frames are cropped before they are scaled.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from urllib.request import urlopen

import imageio_ffmpeg
import numpy as np

from benchmarks.cost import cpu_seconds

WIDTH_PX, HEIGHT_PX, FPS = 1080, 1920, 30
FONTS = Path(__file__).parent.parent / "clipper_assets" / "captions" / "fonts"
WORDS_ON_SCREEN = 5
ASS_HEAD = f"""[Script Info]
ScriptType: v4.00+
PlayResX: {WIDTH_PX}
PlayResY: {HEIGHT_PX}

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV
Style: Default,Anton,120,&H00FFFFFF,&H00000000,1,4,0,2,50,50,600

[Events]
Format: Layer, Start, End, Style, Text
"""

DELIVERED = ((), (), ("-preset", "fast", "-crf", "23"))
"""x264's options for the cut, the vertical pass and the captions; none are ffmpeg's defaults (medium, crf 23)."""
LOSSLESS = (("-preset", "ultrafast", "-qp", "0"),) * 3
"""The same steps without the loss of x264, as the reference for VMAF. The loss of JPEG does not count."""


@dataclass
class OldClip:
    """The clip's file, and the CPU-seconds of each step."""

    file: Path
    steps_cpu_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        before = cpu_seconds()
        yield
        self.steps_cpu_s[name] = cpu_seconds() - before


def old_clip(
    url: str,
    start_s: float,
    duration_s: float,
    words: Sequence[tuple[str, float, float]],
    folder: Path,
    x264: Sequence[Sequence[str]] = DELIVERED,
) -> OldClip:
    """Makes the clip in the empty folder `folder`; `words` are text, start and end in seconds of the clip.

    Raises CalledProcessError if ffmpeg fails.
    """
    upload, segment, sound = folder / "upload.mp4", folder / "segment.mp4", folder / "sound.wav"
    frames, vertical, joined = folder / "frames", folder / "vertical.mp4", folder / "joined.mp4"
    captions, clip = folder / "captions.ass", OldClip(folder / "clip.mp4")
    frames.mkdir()
    for_cut, for_vertical, for_captions = x264
    with clip.step("download"), urlopen(url) as response, upload.open("wb") as file:  # noqa: S310 (our own server)
        shutil.copyfileobj(response, file)
    with clip.step("cut"):
        _ffmpeg("-i", upload, "-ss", f"{start_s:.3f}", "-t", f"{duration_s:.3f}", "-c:v", "libx264", *for_cut, segment)
    with clip.step("sound"):
        _ffmpeg("-i", segment, "-vn", "-ac", "1", "-ar", "16000", sound)
    with clip.step("JPEG"):
        _ffmpeg("-i", segment, "-q:v", "2", frames / "%06d.jpg")
    with clip.step("vertical"):
        _write_vertical(sorted(frames.iterdir()), vertical, for_vertical)
    with clip.step("join"):
        _ffmpeg("-i", vertical, "-i", segment, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", joined)
    with clip.step("captions"):
        captions.write_text(ASS_HEAD + "".join(_events(words)))
        burn = ["-vf", f"ass=captions.ass:fontsdir={FONTS.name}", "-c:v", "libx264", *for_captions, "-c:a", "copy"]
        (folder / FONTS.name).symlink_to(FONTS)
        _ffmpeg("-i", joined, *burn, clip.file, folder=folder)
    return clip


def _write_vertical(frames: Sequence[Path], target: Path, x264: Sequence[str]) -> None:
    """Crops the middle of every frame at full height with OpenCV, and pipes the frames to the encoder."""
    import cv2

    size = f"{WIDTH_PX}x{HEIGHT_PX}"
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size, "-r", str(FPS), "-i", "-"]
    encoded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", *x264, str(target)]
    with subprocess.Popen([*_COMMAND, *raw, *encoded], stdin=subprocess.PIPE) as process:
        pipe = cast("IO[bytes]", process.stdin)
        for file in frames:
            picture = np.asarray(cv2.imread(str(file)))
            height_px, width_px = picture.shape[:2]
            crop_px = round(height_px * WIDTH_PX / HEIGHT_PX)
            left = (width_px - crop_px) // 2
            portrait = cv2.resize(picture[:, left : left + crop_px], (WIDTH_PX, HEIGHT_PX))
            pipe.write(portrait.tobytes())
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)


def _events(words: Sequence[tuple[str, float, float]]) -> Iterator[str]:
    """Yields the captions: five words at a time, shown while they are spoken."""
    for first in range(0, len(words), WORDS_ON_SCREEN):
        page = words[first : first + WORDS_ON_SCREEN]
        start, end = _clock(page[0][1]), _clock(page[-1][2])
        yield f"Dialogue: 0,{start},{end},Default,{' '.join(text for text, _, _ in page)}\n"


def _clock(seconds: float) -> str:
    return f"0:{int(seconds // 60):02}:{seconds % 60:05.2f}"


_COMMAND = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]


def _ffmpeg(*arguments: str | Path, folder: Path | None = None) -> None:
    subprocess.run([*_COMMAND, *map(str, arguments)], check=True, cwd=folder)
