"""Makes uploads with the faults that recordings have, and looks at them as `raw_video` does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.render import render_clip
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.sampling import Seen, look
from clipper_assets.episodes.source import RawVideo
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import FAST, lavfi, make, source_of

VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-g", "25", "-c:a", "libopus")


def seen_in(file: Path) -> Seen:
    """What `raw_video` sees in the pictures of a file."""
    storage = DirectoryStorage(root=str(file.parent))
    probe = probe_upload(storage, file.name, 0.1)
    return look(storage.media_source(file.name), storage.uri(file.name), file.name, probe, probe.duration_s or 1.0)


def looked_at(file: Path) -> RawVideo:
    """The value of `raw_video` for a file, with what is seen in its pictures."""
    seen = seen_in(file)
    return replace(source_of(file), **vars(seen))


def rendered(plan: ClipPlan, source: RawVideo, file: Path, folder: Path) -> Path:
    """The clip of a plan, rendered into the new folder `folder`."""
    folder.mkdir()
    return render_clip(plan, source, f"file:{file}", FAST, folder, lambda _: None).files["mp4"]


def webm(target: Path, picture: str) -> Path:
    """A WebM of two seconds of a lavfi source, with the codecs of a browser."""
    return make(target, *lavfi(picture, "sine=r=48000:d=2"), "-t", "2", *VP8)


def joined(target: Path, parts: Sequence[Path]) -> Path:
    """Join files without encoding, as recorders do."""
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file '{part}'\n" for part in parts))
    return make(target, "-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy")
