"""The one filter graph of a clip: crop path, scale, captions and loudness in a single ffmpeg process and encode."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from clipper_assets.clips.captions.ass import HEIGHT_PX, WIDTH_PX
from clipper_assets.clips.framing.camera import CameraPath, Layout, square_size_px
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.episodes.audio import PROGRAMME_RATE_HZ, programme
from clipper_assets.episodes.source import RawVideo

CAPTIONS_FILE, CAMERA_FILE, FONTS_FOLDER = "captions.ass", "camera.cmd", "fonts"
SMALLEST_REQUEST_BYTES, LARGEST_REQUEST_BYTES = 64 * 1024, 8 * 1024 * 1024
BLUR_SHRINK = 4
TRUE_PEAK_CEILING_DB = -1.5
OVERSAMPLED_HZ = 192_000  # four times 48 kHz, as BS.1770-4 annex 2 measures true peaks
REFERENCE_WHITE_NITS = 203  # diffuse white of PQ and HLG programmes: ITU-R BT.2408, table 1
FADE_S = 0.01
CAMERA = "camera"
BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
"""What players are told of the colours; ffmpeg takes it from the frames, whatever the encoder's options say."""

Stream = Any
"""A stream of ffmpeg-python, which carries no types."""


def clip_output(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, *, captions: bool, target: Path
) -> Sequence[str]:
    """ffmpeg's arguments for one clip.

    The process must run in a folder that holds `captions.ass`, `fonts/` and, for a camera that moves, `camera.cmd`:
    names without a character that the filter syntax would read.
    """
    media = ffmpeg.input(
        media_source, ss=f"{plan.start_s:.6f}", t=f"{plan.duration_s:.6f}", **_http_options(media_source, source, plan)
    )
    picture = _framed(_standard(media[str(source.video_stream)], source, plan), plan.camera, source)
    if captions:
        picture = picture.filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER)
    output = ffmpeg.output(
        picture.filter("format", "yuv420p").filter("setparams", **BT709),
        _loud(programme(media, source.audio_stream, source.microphones), plan),
        str(target),
        t=f"{plan.duration_s:.6f}",
        format="mp4",
        vcodec=encoder.name,
        **dict(encoder.options),
        **{"profile:v": "high", "g": round(2 * plan.fps), "fps_mode": "cfr"},
        acodec="aac",
        audio_bitrate="192k",
        ar=PROGRAMME_RATE_HZ,
        ac=2,
        map_metadata=-1,
        map_chapters=-1,
        movflags="+faststart",
        fflags="+bitexact",
    )
    arguments: Sequence[str] = ffmpeg.get_args(output, overwrite_output=True)
    return arguments


def camera_commands(camera: CameraPath, source: RawVideo, fps: float) -> str:
    """What `sendcmd` replays: one line per keyframe.

    A command is due half a frame before its frame, so that rounding never makes it a frame late.
    """
    return "".join(
        f"{max(key.time_s - 0.5 / fps, 0):.4f} crop@{CAMERA} x {x}, crop@{CAMERA} y {y};\n"
        for key, (x, y) in zip(camera.keyframes, _corners(camera, source), strict=True)
    )


def crop_size_px(source: RawVideo) -> tuple[int, int]:
    """The largest 9:16 rectangle inside the source, even in both directions, in square source pixels."""
    width_px, height_px = square_size_px(source)
    height = min(height_px, width_px * HEIGHT_PX / WIDTH_PX)
    return int(height * WIDTH_PX / HEIGHT_PX) // 2 * 2, int(height) // 2 * 2


def _corners(camera: CameraPath, source: RawVideo) -> list[tuple[int, int]]:
    width_px, height_px = square_size_px(source)
    crop_width, crop_height = crop_size_px(source)
    return [
        (
            round(min(max(key.center_x_px - crop_width / 2, 0), width_px - crop_width)),
            round(min(max(key.center_y_px - crop_height / 2, 0), height_px - crop_height)),
        )
        for key in camera.keyframes
    ]


def _http_options(media_source: str, source: RawVideo, plan: ClipPlan) -> dict[str, int]:
    """Ranged requests of an eighth of the window's bytes: the last one reads past its end by no more than that.

    Without them one request asks for everything up to the end of the episode.
    """
    if not media_source.startswith("http"):
        return {}
    window_bytes = source.size_bytes * plan.duration_s / source.duration_s
    size = int(min(max(window_bytes / 8, SMALLEST_REQUEST_BYTES), LARGEST_REQUEST_BYTES))
    return {
        "initial_request_size": SMALLEST_REQUEST_BYTES,
        "request_size": size,
        "reconnect": 1,
        "reconnect_max_retries": 4,
    }


def _standard(picture: Stream, source: RawVideo, plan: ClipPlan) -> Stream:
    """Even frame times, square pixels, BT.709 for a standard display; the last frame held if the video ends early."""
    picture = picture.filter("fps", f"{plan.fps.numerator}/{plan.fps.denominator}", start_time=0)
    picture = picture.filter("tpad", stop_mode="clone", stop=-1)
    if source.hdr:
        # To linear light, highlights rolled off, back to BT.709. The Mobius curve leaves what is below diffuse white
        # nearly as it is; measured on PQ and HLG, 18 % grey comes out at 109 (BT.709 has 106), with Hable's at 99.
        picture = (
            picture.filter("setparams", color_primaries="bt2020", colorspace="bt2020nc")
            .filter("zscale", transfer="linear", npl=REFERENCE_WHITE_NITS)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", "mobius", desat=0)
            .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
        )
    if source.sample_aspect_ratio != 1:
        width_px, height_px = square_size_px(source)
        picture = picture.filter("scale", width_px, height_px)
    return picture.filter("format", "yuv420p").filter("setsar", 1)


def _framed(picture: Stream, camera: CameraPath, source: RawVideo) -> Stream:
    bt709 = {"out_color_matrix": "bt709", "out_range": "tv"}
    if camera.layout is Layout.fit:
        halves = picture.filter_multi_output("split")
        small = (WIDTH_PX // BLUR_SHRINK, HEIGHT_PX // BLUR_SHRINK)
        backdrop = (
            halves[0]
            .filter("scale", *small, force_original_aspect_ratio="increase", **bt709)
            .filter("crop", *small)
            .filter("gblur", sigma=8)
            .filter("eq", brightness=-0.08)
            .filter("scale", WIDTH_PX, HEIGHT_PX)
        )
        whole = halves[1].filter(
            "scale",
            WIDTH_PX,
            HEIGHT_PX,
            force_original_aspect_ratio="decrease",
            force_divisible_by=2,
            flags="bicubic",
            **bt709,
        )
        return ffmpeg.overlay(backdrop, whole, x="(W-w)/2", y="(H-h)/2").filter("setsar", 1)
    if len(camera.keyframes) > 1:
        picture = picture.filter("sendcmd", f=CAMERA_FILE)
    (x, y), (width, height) = _corners(camera, source)[0], crop_size_px(source)
    return (
        picture.filter(f"crop@{CAMERA}", width, height, x, y)
        .filter("scale", WIDTH_PX, HEIGHT_PX, flags="bicubic", **bt709)
        .filter("setsar", 1)
    )


def _loud(sound: Stream, plan: ClipPlan) -> Stream:
    """The planned gain, true peaks held under the ceiling, and no click at either end."""
    return (
        sound.filter("volume", f"{plan.gain_db}dB")
        .filter("aresample", OVERSAMPLED_HZ)
        .filter("alimiter", limit=f"{TRUE_PEAK_CEILING_DB}dB", attack=5, release=50, level=0, latency=1)
        .filter("aresample", PROGRAMME_RATE_HZ)
        .filter("apad", whole_dur=f"{plan.duration_s:.6f}")
        .filter("afade", type="in", duration=FADE_S)
        .filter("afade", type="out", start_time=f"{plan.duration_s - FADE_S:.6f}", duration=FADE_S)
    )
