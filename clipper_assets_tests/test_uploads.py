"""Unusual uploads become clips, bad ones are rejected with one sentence, and nothing else in the storage changes."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import dagster as dg
import numpy as np
import pytest
from numpy.typing import NDArray

from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.clips.manifest import Clip, Manifest
from clipper_assets.runs.in_process import failures
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import NO_KEY_NO_MODELS, clip_episode
from clipper_assets_tests.support.media import frame_at, make

H264 = ("-c:v", "libx264", "-preset", "ultrafast")
HDR = (
    *("-vf", "zscale=t=smpte2084:p=bt2020:m=bt2020nc:npl=203,format=yuv420p10le", *H264),
    *("-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"),
)

GOOD: dict[str, tuple[str, ...]] = {
    "two audio streams.mkv": ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy"),
    "5.1 audio.mp4": ("-c:v", "copy", "-ac", "6", "-c:a", "aac"),
    "8 kHz mono.mp4": ("-c:v", "copy", "-ac", "1", "-ar", "8000", "-c:a", "aac"),
    "variable frame rate.mkv": ("-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", *H264, "-c:a", "copy"),
    "odd dimensions.mkv": ("-vf", "scale=427:241", *H264, "-pix_fmt", "yuv444p", "-c:a", "copy"),
    "4:4:4.mp4": (*H264, "-pix_fmt", "yuv444p", "-c:a", "copy"),
    "10-bit HDR.mp4": (*HDR, "-c:a", "copy"),
    "wide pixels.mp4": ("-vf", "scale=480:360,setsar=4/3", *H264, "-c:a", "copy"),
    "no length in the header.mkv": ("-c", "copy", "-live", "1"),
    "name with spaces.mp4": ("-c", "copy"),
    'it\'s "quoted".mp4': ("-c", "copy"),
    "100% %20 %d.mp4": ("-c", "copy"),
    "#1?.mp4": ("-c", "copy"),
    "a,b;c&d.mp4": ("-c", "copy"),
    "[part] {12:30}.mp4": ("-c", "copy"),
    "Ünï 木 ☃.mp4": ("-c", "copy"),
    "-y.mp4": ("-c", "copy"),
}

SOUND: dict[str, tuple[str, ...]] = {
    "sound.mp3": ("-vn", "-c:a", "libmp3lame", "-q:a", "4"),
    "no header.mp3": ("-vn", "-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"),
    "sound.m4a": ("-vn", "-c:a", "copy"),
    "sound.wav": ("-vn",),
    "sound.flac": ("-vn",),
    "sound.opus": ("-vn",),
    "sound in a mp4.mp4": ("-vn", "-c:a", "copy"),
}


def empty(file: Path, cut: Path) -> None:
    file.write_bytes(b"")


def text(file: Path, cut: Path) -> None:
    file.write_text("This is not a video.\n" * 500)


def truncated_head(file: Path, cut: Path) -> None:
    file.write_bytes(cut.read_bytes()[100_000:])


def truncated_tail(file: Path, cut: Path) -> None:
    content = cut.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])


def truncated_tail_after_the_index(file: Path, cut: Path) -> None:
    # At 25 fps, so that the probe does not already read the tail with its first frames.
    encoded = ["-r", "25", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy"]
    make(file, "-i", f"file:{cut}", *encoded, "-movflags", "+faststart")
    truncated_tail(file, file)


def truncated_matroska(file: Path, cut: Path) -> None:
    make(file, "-i", f"file:{cut}", "-c", "copy", "-f", "matroska")
    truncated_tail(file, file)


def no_audio(file: Path, cut: Path) -> None:
    make(file, "-i", f"file:{cut}", "-c", "copy", "-an")


def too_short(file: Path, cut: Path) -> None:
    make(file, "-i", f"file:{cut}", "-c", "copy", "-t", "1")


def a_photo(file: Path, cut: Path) -> None:
    make(file, "-i", f"file:{cut}", "-vframes", "1", "-update", "1", "-f", "image2")


DAMAGED = (
    "is not a media file that can be read, or its beginning is damaged; "
    "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
)

UNFINISHED = (
    "is not a media file that can be read: its index, which recorders write at the end, is missing; upload it again if "
    "the upload broke off, or repair it with the recorder's software if the recording did"
)

BAD: list[tuple[Callable[[Path, Path], None], str]] = [
    (empty, r"is empty \(0 bytes\); upload it again"),
    (text, DAMAGED),
    (truncated_head, DAMAGED),
    (truncated_tail, UNFINISHED),
    (
        truncated_tail_after_the_index,
        r"is truncated: its length is given as 10\.\d s, but its end cannot be read; upload it again",
    ),
    (truncated_matroska, r"is truncated: its length is given as 10\.\d s, but its end cannot be read; upload it again"),
    (no_audio, "has no audio stream; upload the video with its sound"),
    (
        too_short,
        r"lasts 1\.\d s, less than the shortest clip of 3 s; upload a longer recording or lower CLIPPER_WINDOW_MIN_S",
    ),
    (a_photo, DAMAGED),
]


def tree(root: Path) -> dict[str, str]:
    """The paths below `root`, with the SHA-256 of each file; folders have an empty string."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in root.rglob("*")
    }


@pytest.fixture
def folder(storage: DirectoryStorage, cut: Path, short_windows: None) -> Path:
    """The folder `shows` of a storage that already has other files."""
    folder = Path(storage.root) / "shows"
    for other in ("lake/raw_video/episode=b/source.parquet", "shows/notes.txt", "other/clips/clip_0.mp4"):
        (file := Path(storage.root) / other).parent.mkdir(parents=True, exist_ok=True)
        file.write_text("other content")
    return folder


def small(picture: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A 16:9 picture scaled to 32x18 pixels."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.reformat(width=32, height=18, interpolation="AREA").to_ndarray(format="rgb24").astype(np.int16)


@pytest.fixture
def make_clip(
    folder: Path, storage: DirectoryStorage, instance: dg.DagsterInstance, cut: Path
) -> Callable[[str], Clip]:
    """A function that makes a clip of an upload in layout `fit` and asserts that the run changes only its own files."""

    def clip_of(name: str) -> Clip:
        shutil.copy(cut.with_suffix(".srt"), folder / f"{Path(name).stem}.srt")
        before = tree(Path(storage.root))
        _, result = clip_episode(storage, f"shows/{name}", instance, camera=CameraConfig(layout=Layout.fit))
        assert failures(result) == []
        checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
        assert {name for name, passed in checks.items() if not passed} == NO_KEY_NO_MODELS - {"scenes_not_degraded"}
        after = tree(Path(storage.root))
        assert before.items() <= after.items()
        new_files = {path for path in after.keys() - before.keys() if after[path]}
        assert {path.split("/")[0] for path in new_files if not path.startswith("shows/clips/")} == {"lake"}
        (clip,) = Manifest.model_validate_json((folder / "clips" / "manifest.json").read_bytes()).clips
        return clip

    return clip_of


def distance(folder: Path, clip: Clip, cut: Path) -> float:
    """Mean absolute difference between the colours of the clip and of `cut`, in the part above the captions."""
    shown = frame_at(folder / "clips" / "clip_0.mp4", 1.5, "rgb24")[656:1264]
    difference = np.abs(small(shown) - small(frame_at(cut, clip.start_time + 1.5, "rgb24")))
    return float(difference[: len(difference) // 2].mean())


@pytest.mark.episodes
@pytest.mark.parametrize("name", GOOD)
def test_an_unusual_upload_becomes_clips(name: str, folder: Path, cut: Path, make_clip: Callable[[str], Clip]) -> None:
    make(folder / name, "-i", f"file:{cut}", *GOOD[name])
    # HDR reserves values above white for highlights, so that white becomes grey in the clip.
    assert distance(folder, make_clip(name), cut) < (24 if "HDR" in name else 6)


@pytest.mark.episodes
@pytest.mark.parametrize("name", SOUND)
def test_an_audio_file_becomes_clips(name: str, folder: Path, cut: Path, make_clip: Callable[[str], Clip]) -> None:
    make(folder / name, "-i", f"file:{cut}", *SOUND[name])
    clip = make_clip(name)
    assert (clip.width, clip.height, clip.fps) == (1080, 1920, 30)
    shown = [frame_at(folder / "clips" / "clip_0.mp4", time_s).astype(np.int16) for time_s in (1.0, 2.0)]
    change = np.abs(shown[1] - shown[0])
    assert change[768:900].max() > 60  # the bars
    assert change[1300:].max() < 20


@pytest.mark.episodes
def test_clips_of_an_audio_file_show_its_cover(
    folder: Path, tmp_path: Path, cut: Path, make_clip: Callable[[str], Clip]
) -> None:
    cover = make(tmp_path / "cover.png", "-f", "lavfi", "-i", "color=red:s=300x300", "-vframes", "1", "-update", "1")
    both = ("-i", f"file:{cut}", "-i", f"file:{cover}", "-map", "0:a", "-map", "1:v")
    make(folder / "talk.mp3", *both, "-c:a", "libmp3lame", "-c:v", "png", "-disposition:v", "attached_pic")
    assert make_clip("talk.mp3").rendering_fallbacks == []
    red, green, blue = frame_at(folder / "clips" / "clip_0.mp4", 1.0, "rgb24")[450, 540]
    assert red > 230
    assert max(green, blue) < 25


@pytest.mark.episodes
def test_clips_of_a_rotated_upload_are_upright(
    tmp_path: Path, folder: Path, cut: Path, make_clip: Callable[[str], Clip]
) -> None:
    rotated = make(tmp_path / "rotated.mp4", "-i", f"file:{cut}", "-vf", "transpose=1", *H264, "-c:a", "copy")
    make(folder / "phone.mp4", "-display_rotation", "90", "-i", f"file:{rotated}", "-c", "copy")
    assert distance(folder, make_clip("phone.mp4"), cut) < 6


@pytest.mark.parametrize(("write_bad_file", "message"), BAD)
def test_a_bad_upload_is_rejected_with_one_sentence(
    write_bad_file: Callable[[Path, Path], None],
    message: str,
    folder: Path,
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    cut: Path,
) -> None:
    name = f"{write_bad_file.__name__}.mp4"
    write_bad_file(folder / name, cut)
    before = tree(Path(storage.root))
    _, result = clip_episode(storage, f"shows/{name}", instance)
    (refusal,) = failures(result)
    assert re.fullmatch(f"shows/{re.escape(name)} {message}", refusal)
    assert tree(Path(storage.root)) == before
