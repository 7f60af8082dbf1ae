"""`raw_video`: facts about an upload, and its speech audio and loudness in the lake."""

import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.episodes import audio
from clipper_assets.episodes.audio import SPEECH_FOLDER, Sound
from clipper_assets.episodes.checks import IS_AUDIBLE, is_audible
from clipper_assets.episodes.joined import joined_sound, probe_of_joined, store_joined
from clipper_assets.episodes.partitions import episodes, object_key, per_episode
from clipper_assets.episodes.probe import probe_upload, refuse_if_short, stat_upload
from clipper_assets.episodes.sampling import look
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.runtime.asset_names import RAW_VIDEO
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.progress import Progress
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.spend import metered
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.runtime.time_limit import time_limit
from clipper_assets.setting_types import Microphones
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import FILES, table_key
from clipper_assets.storage.recipes import StepConfig, difference, new_result, recipe_of, stored_result
from clipper_assets.storage.tables import LAKE_TABLE, TableResult

CODE_VERSION = "3"
HASHED_BYTES = 2**30
"""An upload that may have been replaced is hashed to compare it, unless it is larger than this."""


class RawVideoConfig(StepConfig):
    """Run config of the upload's sound."""

    microphones: Microphones | None = Field(
        default=None, description="`auto`, `together`, `channels` or `streams`; default: CLIPPER_MICROPHONES"
    )


def inputs(config: RawVideoConfig, settings: Settings, etag: str) -> dict[str, Any]:
    """Everything that decides the result; `etag` identifies the upload's content."""
    return {
        "etag": etag,
        "microphones": config.microphones or settings.microphones,
        "shortest_s": settings.window_min_s,
    }


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="episodes",
    kinds={"ffmpeg", "parquet"},
    code_version=CODE_VERSION,
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata={**SOURCE.definition_metadata, FILES: SPEECH_FOLDER},
    check_specs=per_episode(IS_AUDIBLE, not_degraded_spec(RAW_VIDEO)),
    description="Facts about an upload. Its sound is decoded once, to 16 kHz speech (FLAC) and loudness over time.",
)
@metered
@in_one_sentence
def raw_video(
    context: dg.AssetExecutionContext,
    config: RawVideoConfig,
    storage: Storage,
    settings: dg.ResourceParam[Settings],
    progress: Progress,
) -> TableResult:
    key = object_key(context.partition_key)
    shortest_s = settings.window_min_s
    began = time.monotonic()
    watch = UploadWatch(storage, key)
    with watch.reading():
        etag = storage.fingerprint(stat_upload(storage, key).key)
        recipe = recipe_of(config, CODE_VERSION, inputs(config, settings, etag))
        stored = stored_result(context, config, storage, SOURCE, recipe)
        if stored and _sound_is_there(storage, stored.value):
            return stored
        probe = probe_upload(storage, key, shortest_s)
        probed = time.monotonic()
        limit = time_limit(context, probe.duration_s or 0.0, settings.time_limit_scale)
        with limit, tempfile.TemporaryDirectory(prefix="clipper-") as folder:
            stage = partial(progress.stage, context)
            joined = joined_sound(storage, key, probe, Path(folder), stage)
            probe = probe_of_joined(probe) if joined else probe
            microphones = config.microphones or settings.microphones
            sound = audio.extract(storage, key, probe, Path(folder), stage, microphones, joined)
            refuse_if_short(key, sound.duration_s, shortest_s)
            seen = look(storage.media_source(key), storage.uri(key), key, probe, sound.duration_s)
            watch.check()
            speech_key, loudness_key, separate = audio.store(storage, context.partition_key, sound)
            sound_key = store_joined(storage, context.partition_key, joined)
    extracted = time.monotonic()
    source = RawVideo(
        **{**asdict(probe), "duration_s": sound.duration_s, "broke_off": sound.broke_off},
        **vars(seen),
        speech_key=speech_key,
        loudness_key=loudness_key,
        microphones=separate,
        episode=context.partition_key,
        key=key,
        etag=etag,
        sound_key=sound_key,
        audio_channel=sound.only.channel if sound.only else None,
        degraded=_degraded(sound),
    )
    return new_result(
        recipe,
        source.to_table(),
        check_results=[
            is_audible(sound.loudness, source.duration_s),
            not_degraded(RAW_VIDEO, [fallback.as_dict() for fallback in source.degraded]),
        ],
        metadata={
            "dagster/uri": storage.uri(key),
            "speech": storage.uri(source.speech_key),
            **_metadata(source, sound),
            "seconds": {"probe": round(probed - began, 2), "audio": round(extracted - probed, 2)},
            "speed": f"{source.duration_s / max(extracted - probed, 1e-6):.0f}x real time",
        },
    )


def why_again(stored: pa.Table, config: RawVideoConfig, storage: Storage, settings: Settings) -> str:
    """Why a run would make the stored table again, in words; empty if it would keep it.

    Raises UploadRefusedError if the upload is gone.
    """
    source = RawVideo.from_table(stored)
    recipe = recipe_of(config, CODE_VERSION, inputs(config, settings, _etag_now(storage, source)))
    if _sound_is_there(storage, stored):
        return difference(stored, recipe, raw_video)
    return difference(stored, recipe, raw_video) or "its speech audio is missing"


def _etag_now(storage: Storage, source: RawVideo) -> str:
    """What identifies the upload's content, without reading a large file.

    In a directory, a file of the same size that was last written before its table is taken for the one that was
    probed: a file that replaces it has the time of its writing, and the sensor sees one that keeps an older time. A
    file of more than `HASHED_BYTES` that was written since is taken for another one; the run that follows compares it.
    """
    upload, table = stat_upload(storage, source.key), storage.stat(table_key(RAW_VIDEO, SOURCE.name, source.episode))
    if upload.uploaded_at is None:
        same_size = upload.size_bytes == source.size_bytes
        if same_size and table and upload.changed_at <= table.changed_at:
            return source.etag
        if not same_size or upload.size_bytes > HASHED_BYTES:
            return upload.version
    return storage.fingerprint(source.key)


def _metadata(source: RawVideo, sound: Sound) -> dict[str, Any]:
    return {
        "duration_s": source.duration_s,
        "size_mb": round(source.size_bytes / 1e6, 2),
        "video": _picture(source),
        "audio": f"{source.audio_codec} {source.audio_rate_hz} Hz, {source.audio_channels} channels, "
        f"stream {source.audio_stream} of {source.audio_streams} audio streams"
        + (", joined from several files" if source.sound_key else "")
        + "".join(f"; stream {number} has no decoder or is empty" for number in source.unread_audio),
        "microphones": sound.decided,
        "loudness_lufs": round(sound.loudness.integrated(0, source.duration_s), 2),
    }


def _degraded(sound: Sound) -> tuple[Degraded, ...]:
    """What is lost or was repaired in the upload."""
    reasons = [sound.only.why] if sound.only else []
    if sound.broke_off:
        reasons.append(f"the recording broke off, so clips are made only from its first {sound.duration_s:.0f} s")
    return tuple(Degraded(RAW_VIDEO, reason) for reason in reasons)


def _sound_is_there(storage: Storage, table: pa.Table) -> bool:
    source = RawVideo.from_table(table)
    keys = [source.speech_key, source.loudness_key, *(microphone.speech_key for microphone in source.microphones)]
    return all(storage.exists(key) for key in [*keys, source.media_key])


def _picture(source: RawVideo) -> str:
    if source.audio_only:
        return "none, with cover art" if source.cover_stream is not None else "none, and no cover art"
    return (
        f"{source.video_codec} {source.width_px}x{source.height_px} {source.fps:.3g} fps"
        + (" (variable)" if source.variable_fps else "")
        + (f", rotated {source.rotation_deg} degrees" if source.rotation_deg else "")
        + (", HDR" if source.hdr else "")
        + (f", interlaced ({source.field_order})" if source.field_order else "")
        + (f", in several sizes, shown as {'x'.join(map(str, source.canvas_px))}" if source.canvas_width_px else "")
        + (f", black bars around {source.inner.width}x{source.inner.height}" if source.inner else "")
    )
