from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.clips.checks import as_promised, clip_faults
from clipper_assets.clips.manifest import Clip
from clipper_assets.clips.rendering.measure import Measured
from clipper_assets.episodes.storage import DirectoryStorage
from clipper_assets_tests.clips.making import clip_in

GOOD = Measured(
    width_px=1080, height_px=1920, fps=25.0, duration_s=30.0, video_codec="h264", pixel_format="yuv420p",
    audio_codec="aac", audio_rate_hz=48_000, loudness_lufs=-14.0, true_peak_dbtp=-1.5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"width_px": 1920, "height_px": 1080}, "is 1920x1080 instead of 1080x1920"),
        ({"video_codec": "hevc"}, "is hevc yuv420p instead of h264 yuv420p"),
        ({"pixel_format": "yuv444p"}, "is h264 yuv444p instead of h264 yuv420p"),
        ({"audio_codec": "mp3"}, "has mp3 at 48000 Hz instead of aac at 48000 Hz"),
        ({"audio_rate_hz": 44_100}, "has aac at 44100 Hz instead of aac at 48000 Hz"),
        ({"duration_s": 29.9}, "lasts 29.90 s instead of 30.00 s"),
        ({"duration_s": 30.09}, "lasts 30.09 s instead of 30.00 s"),
        ({"loudness_lufs": -15.1}, "has -15.1 LUFS instead of -14"),
        ({"loudness_lufs": -12.9}, "has -12.9 LUFS instead of -14"),
        ({"loudness_lufs": float("-inf")}, "has -inf LUFS instead of -14"),
        ({"loudness_lufs": float("nan")}, "has nan LUFS instead of -14"),
    ],
)
def test_each_broken_promise_is_named(change: dict[str, Any], fault: str) -> None:
    assert clip_faults(replace(GOOD, **change), 30.0) == [fault]


@pytest.mark.parametrize("change", [{}, {"duration_s": 30.07}, {"loudness_lufs": -14.9}, {"fps": 60.0}])
def test_what_is_kept_is_no_fault(change: dict[str, Any]) -> None:
    assert clip_faults(replace(GOOD, **change), 30.0) == []


def test_all_broken_promises_are_named_together() -> None:
    broken = Measured(640, 360, 25.0, 1.0, "vp9", "yuv444p", "opus", 44_100, 0.0, 0.0)
    assert len(clip_faults(broken, 30.0)) == 5


@pytest.fixture
def clip(storage: DirectoryStorage) -> Clip:
    return clip_in(storage)


def faults(clip: Clip, storage: DirectoryStorage) -> Any:
    result = as_promised([clip], storage)
    found = result.metadata["faults"].value
    assert result.passed == (found == [])
    return found


def test_published_clips_are_measured(clip: Clip, storage: DirectoryStorage) -> None:
    assert faults(clip, storage) == []
    assert faults(clip.model_copy(update={"end_time": clip.end_time + 1}), storage) == [
        "clip_0 lasts 2.00 s instead of 3.00 s"
    ]


def test_a_deleted_clip_is_noticed(clip: Clip, storage: DirectoryStorage) -> None:
    storage.delete(clip.key)
    assert faults(clip, storage) == ["clip_0 is missing"]


def test_a_storage_that_does_not_answer_gives_no_signature_away(
    clip: Clip, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = "http://127.0.0.1:9/clip_0.mp4?X-Amz-Signature=secret"  # port 9: nobody answers
    monkeypatch.setattr(DirectoryStorage, "media_source", lambda *_: signed)
    assert faults(clip, storage) == ["clip_0 cannot be read: Connection refused"]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_clip_is_noticed(share: float, clip: Clip, storage: DirectoryStorage) -> None:
    file = Path(storage.root) / clip.key
    file.write_bytes(file.read_bytes()[: int(clip.bytes * share)])
    assert faults(clip, storage) == [f"clip_0 has {file.stat().st_size} bytes instead of {clip.bytes}"]


def test_a_clip_overwritten_with_something_else_is_noticed(clip: Clip, storage: DirectoryStorage) -> None:
    (Path(storage.root) / clip.key).write_bytes(b"x" * clip.bytes)
    (fault,) = faults(clip, storage)
    assert fault.startswith("clip_0 cannot be read: ")
