"""Makes one file of the sound of an upload that was joined from several files, each decoded by itself."""

import mmap
from dataclasses import replace
from pathlib import Path

import ffmpeg

from clipper_assets.episodes.parts import FORMATS, continues, part_starts
from clipper_assets.episodes.properties import Probe
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import Stream, media_input
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.runtime.progress import Stage
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

RATE_HZ = 48_000
MOST_PARTS = 200
"""ffmpeg opens all parts at once."""


def joined_sound(storage: Storage, key: str, probe: Probe, folder: Path, stage: Stage) -> Path | None:
    """A FLAC file in `folder` with all the sound of an upload; None if ffmpeg reads all of the upload by itself.

    Raises UploadRefusedError if a part cannot be decoded, or there are more than `MOST_PARTS`.
    """
    if not probe.audio_only or probe.container not in FORMATS:
        return None
    (download := folder / "upload").mkdir()
    with (
        storage.local_copy(key, download).open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        starts = part_starts(data, probe.container)
        longer = continues(data, starts[-1], probe.container)
        if len(starts) == 1 and not longer:
            return None
        if len(starts) > MOST_PARTS:
            raise UploadRefusedError(f"{key} is joined from more than {MOST_PARTS} files; upload it as one recording")
        parts = [folder / f"part_{number}.{probe.container}" for number in range(len(starts))]
        for part, start, end in zip(parts, starts, [*starts[1:], len(data)], strict=True):
            part.write_bytes(data[start:end])
    sounds = [_sound(part, {"ignore_length": 1} if longer and part == parts[-1] else {}) for part in parts]
    whole = ffmpeg.filter(sounds, "concat", n=len(sounds), v=0, a=1)
    target = folder / "joined.flac"
    try:
        run(
            ffmpeg.get_args(ffmpeg.output(whole, str(target), acodec="flac", sample_fmt="s16")),
            report=stage("joining parts"),
        )
    except FfmpegError as error:
        raise UploadRefusedError(f"the audio of {key} cannot be decoded ({error}); upload an intact file") from None
    return target


def probe_of_joined(probe: Probe) -> Probe:
    """The probe of an upload as it is after `joined_sound`: one stereo stream, without cover art."""
    return replace(
        probe,
        duration_s=None,
        audio_stream=0,
        audio_streams=1,
        audio_indices=(0,),
        audio_channels=2,
        audio_rate_hz=RATE_HZ,
        cover_stream=None,
    )


def store_joined(storage: Storage, partition: str, joined: Path | None) -> str | None:
    """Write the file of `joined_sound` into the lake, or delete an earlier one; returns its key."""
    key = f"{LAKE}/speech/{hive_folder(partition)}/joined.flac"
    if joined:
        storage.put_file(key, joined)
        return key
    if storage.exists(key):
        storage.delete(key)
    return None


def _sound(part: Path, options: dict[str, int]) -> Stream:
    sound = media_input(part, **options).audio.filter("aresample", RATE_HZ, **{"async": 1, "first_pts": 0})
    return sound.filter("aformat", sample_fmts="s16", channel_layouts="stereo")
