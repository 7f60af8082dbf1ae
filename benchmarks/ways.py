"""Measures one clip by each pipeline."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import floor, ours
from benchmarks.before import Before
from benchmarks.cost import Cost, Measured, measured
from benchmarks.floor import Floor
from benchmarks.old_way import LOSSLESS as OLD_LOSSLESS
from benchmarks.old_way import old_clip
from benchmarks.quality import vmaf, xpsnr
from benchmarks.results import Quality, Round, Way
from benchmarks.server import RangeServer
from benchmarks.source import FPS, Episode
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.clips.rendering.encoders import X264, Encoder


@dataclass(frozen=True)
class Frames:
    """The frames of a clip before encoding: in a lossless file, and raw."""

    lossless: Path
    raw: Path

    def remove(self) -> None:
        shutil.rmtree(self.raw.parent)


@dataclass(frozen=True)
class Bench:
    """The environment of a run: sources are served by `server`; `folder` is for clips and frames."""

    server: RangeServer
    models_dir: Path | None
    before: Before
    folder: Path

    def url(self, episode: Episode) -> str:
        return self.server.url(episode.file)

    def look(self, episode: Episode) -> Measured[CameraPath]:
        return measured(self.server, ours.look, episode, self.url(episode), self.models_dir)

    def look_without_models(self, episode: Episode) -> Measured[CameraPath]:
        return measured(self.server, ours.look_without_models, episode, self.url(episode))

    def make(self, episode: Episode, camera: CameraPath, clip: Path) -> Cost:
        """Renders the clip to the file `clip`."""
        with TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name) / "clip"
            made = measured(self.server, ours.make_clip, episode, self.url(episode), camera, X264, folder)
            made.value.replace(clip)
        return made.cost

    def follow(self, episode: Episode, clip: Path) -> Round:
        """Measures a clip whose camera follows the speaker by LR-ASD."""
        looked = self.look(episode)
        return Round(looked.cost, self.make(episode, looked.value, clip))

    def follow_before(self, episode: Episode, clip: Path) -> Round:
        """Measures the same clip with the code of commit a2d2b61."""
        with TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name) / "before"
            looked = self.before.look(self.server, episode, self.models_dir, folder)
            made, file = self.before.make(self.server, folder)
            file.replace(clip)
        return Round(looked, made)

    def draw(self, episode: Episode, camera: CameraPath) -> Frames:
        """Renders the frames of a clip without loss."""
        folder = self.folder / "lossless"
        lossless, raw = ours.make_clip(episode, self.url(episode), camera, ours.LOSSLESS, folder), folder / "raw.yuv"
        floor.write_raw(lossless, raw)
        return Frames(lossless, raw)

    def floor_of(self, episode: Episode, frames: Frames) -> Floor:
        """Measures decoding the window and encoding the frames."""
        target = self.folder / "floor.mp4"
        work = (self.url(episode), episode.window, frames.raw, ours.LOOK.frame, X264, target)
        return measured(self.server, floor.measure_floor, *work).value

    def quality_of(self, frames: Frames, encoder: Encoder) -> Quality:
        """Measures the quality of the frames after encoding; crops of another analysis may be a pixel away."""
        clip = self.folder / "encoded.mp4"
        floor.encode(frames.raw, ours.LOOK.frame, encoder, clip)
        return quality(clip, frames.lossless)

    def old(self, episode: Episode, short: Episode) -> Way:
        """Measures the previous service, whose cost grows with the start time; `short` has the same frames earlier."""
        with TemporaryDirectory(dir=self.folder) as name:
            delivered, lossless = Path(name) / "delivered", Path(name) / "lossless"
            delivered.mkdir()
            lossless.mkdir()
            made = measured(self.server, old_clip, *self._old_order(episode), delivered)
            clip, reference = made.value.file, old_clip(*self._old_order(short), lossless, OLD_LOSSLESS).file
            return Way(
                "old way",
                episode.window.duration_s,
                (Round(None, made.cost),),
                size_mb(clip),
                quality(clip, reference),
                made.value.steps_cpu_s,
            )

    def _old_order(self, episode: Episode) -> tuple[str, float, float, list[tuple[str, float, float]]]:
        window = episode.window
        words = [
            (row["text"], row["start"] - window.start_s, row["end"] - window.start_s)
            for row in episode.words.to_pylist()
            if window.start_s <= row["start"] and row["end"] <= window.end_s
        ]
        return self.url(episode), window.start_s, window.duration_s, words


def quality(clip: Path, lossless: Path) -> Quality:
    """Measures VMAF, XPSNR and size of a clip."""
    return Quality(vmaf(clip, lossless, FPS), xpsnr(clip, lossless, FPS), size_mb(clip))


def size_mb(file: Path) -> float:
    """Returns the size of a file in MB of 10^6 bytes."""
    return file.stat().st_size / 1e6
