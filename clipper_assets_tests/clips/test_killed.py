"""A run that is killed while rendering, and the next run, which finishes the work."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import dagster as dg
import pytest

from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Manifest
from clipper_assets.clips.records import record_key
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.in_process import failures
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode

pytestmark = pytest.mark.episodes

DEADLINE_S = 120
CLI = "from clipper_assets.cli import main; main()"


def last_frame_s(file: Path) -> float:
    """End of the last frame of a clip in seconds; 0 if frames are missing."""
    with av.open(f"file:{file}") as container:
        (stream,) = container.streams.video
        packets = [packet for packet in container.demux(stream) if packet.size]
        ends = [float(((packet.pts or 0) + (packet.duration or 0)) * packet.time_base) for packet in packets]
        return max(ends) if len(packets) == stream.frames else 0.0


def contents(folder: Path, names: set[str]) -> dict[str, tuple[int, bytes]]:
    """Modification time and content of the named files in a folder."""
    return {name: ((folder / name).stat().st_mtime_ns, (folder / name).read_bytes()) for name in names}


def test_a_killed_run_is_finished_by_the_next_one(
    storage: DirectoryStorage, cut: Path, short_windows: None, tmp_path: Path
) -> None:
    show, home = Path(storage.root) / "show", tmp_path / "home"
    show.mkdir()
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    shutil.copy(cut, show / "cut.mp4")
    shutil.copy(cut.with_suffix(".srt"), show / "cut.srt")
    environment = {"CLIPPER_STORAGE": storage.root, "CLIPPER_RENDER_WORKERS": "1", "DAGSTER_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-c", CLI, "process", "show/cut.mp4", "--max-clips", "2"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    ends_s: dict[str, float] = {}
    give_up = time.monotonic() + DEADLINE_S
    try:
        while not storage.exists(record_key("show/cut.mp4", Rendition(Aspect.portrait), 0)):
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < give_up
            ends_s |= {file.name: last_frame_s(file) for file in (show / "clips").glob("*.mp4")}
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    ends_s |= {file.name: last_frame_s(file) for file in (show / "clips").glob("*.mp4")}
    left = {file.name for file in (show / "clips").glob("clip_*")}
    assert left == {"clip_0.mp4", "clip_0.srt", "clip_0.vtt", "clip_0.jpg"}
    assert set(ends_s) == {"clip_0.mp4"}
    killed = Manifest.model_validate_json((show / "clips" / "manifest.json").read_bytes())
    assert (killed.status, killed.clips) == ("rendering", [])
    finished = contents(show / "clips", left)

    with dg.DagsterInstance.from_config(str(home)) as instance:
        kept, result = clip_episode(storage, "show/cut.mp4", instance, max_clips=2)
    assert failures(result) == []
    assert kept == [
        "raw_video",
        "aligned_transcript",
        "ad_spans",
        "chapters",
        "highlight_windows",
        "scenes",
        "camera_paths",
    ]
    (event,) = result.asset_materializations_for_node("rendered_clips")
    assert (event.metadata["rendered"].value, event.metadata["unchanged"].value) == (1, 1)
    assert contents(show / "clips", left) == finished
    manifest = Manifest.model_validate_json((show / "clips" / "manifest.json").read_bytes())
    assert manifest.status == "done"
    for clip in manifest.clips:
        video = storage.read_bytes(clip.key)
        assert clip.sha256 == hashlib.sha256(video).hexdigest()
    # The first clip was never visible in an incomplete state, even while the killed run was working.
    assert all(abs(end_seen_s - manifest.clips[0].duration) < 0.01 for end_seen_s in ends_s.values())
