"""The whole job in one process, for the command line: what `clipper process` does."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DEFAULT_DATA_VERSION

from clipper_assets.adoption import companion_keys
from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.analysis.models import MODELS, model_file
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.edits.store import DATA_VERSION_TAG, EDITS
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.job import assets, build_resources
from clipper_assets.runtime.progress import Progress
from clipper_assets.settings import Settings
from clipper_assets.shows.show import STILL, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import table_key
from clipper_assets.transcript.assets import TranscriptConfig

RECIPE_TAG = "clipper/recipe"
INPUT_TAG = "dagster/input_data_version"


@dataclass(frozen=True)
class Order:
    """What to make of one upload."""

    key: str
    sound: RawVideoConfig
    transcript: TranscriptConfig
    highlights: HighlightsConfig
    camera: CameraConfig
    render: RenderConfig
    afresh: bool

    @property
    def asked(self) -> set[str]:
        """Assets for which something else than the defaults was asked: what another door made will not do."""
        asked = {
            "raw_video": self.sound != RawVideoConfig(),
            "aligned_transcript": self.transcript != TranscriptConfig(),
            "highlight_windows": self.highlights != HighlightsConfig(),
            "scenes": self.camera != CameraConfig(),
            "camera_paths": self.camera != CameraConfig(),
        }
        return {asset for asset, differs in asked.items() if differs}


def recipes(storage: Storage, order: Order, settings: Settings) -> dict[str, str]:
    """A digest per asset of what decides its value beside its upstream values."""
    language = order.transcript.language or settings.language
    beside = [key for key in companion_keys(order.key, language) if storage.exists(key)]
    layout = order.camera.layout or load_show(storage, order.key).layout
    decisive: dict[str, Any] = {
        "raw_video": [order.sound.model_dump(), settings.microphones, settings.window_min_s],
        "aligned_transcript": [
            order.transcript.model_dump(),
            settings.transcript_engine,
            settings.language,
            settings.whisper_model,
            str(settings.models_dir),
            settings.beam_size,
            settings.align_model,
            settings.diarization_model,
            settings.hf_token is not None,
            [[key, storage.fingerprint(key)] for key in beside],
        ],
        "highlight_windows": [
            order.highlights.model_dump(),
            settings.picker,
            settings.openai_model,
            settings.openai_base_url,
            settings.openai_api_key is not None,
            settings.window_min_s,
            settings.window_max_s,
        ],
        "scenes": [layout in STILL, [name for name in MODELS if model_file(name, settings.models_dir)]],
        "camera_paths": [layout.value],
    }
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
        for name, value in decisive.items()
    }


def outdated(instance: dg.DagsterInstance, storage: Storage, order: Order, wanted: Mapping[str, str]) -> list[str]:
    """The assets to materialize: the first that is missing or was made of other inputs, and all after it.

    `rendered_clips` is always among them: it knows by itself which clips are unchanged. Dagster records what each
    materialization was made of as tags of its event (`dagster/input_data_version/...`, of this partition alone); what
    the command line asked for is a tag of its run.
    """
    partition = partition_key(order.key)
    names = [asset.key.to_user_string() for asset in assets]
    if order.afresh:
        return names
    edits = _latest(instance, EDITS.key, partition)
    made_of = {EDITS.key.to_user_string(): _as_input(_tags(edits).get(DATA_VERSION_TAG))}
    for position, asset in enumerate(assets[:-1]):
        name = names[position]
        record = _latest(instance, asset.key, partition)
        table = table_key(name, asset.metadata_by_key[asset.key]["table"], partition)
        if record is None or not storage.exists(table):
            return names[position:]
        tags = _tags(record)
        run = instance.get_run_by_id(record.run_id)
        recipe = run.tags.get(f"{RECIPE_TAG}_{name}") if run else None
        if (
            tags.get("dagster/code_version") != asset.code_versions_by_key[asset.key]
            or any(
                (tag := f"{INPUT_TAG}/{upstream}") in tags and tags[tag] not in versions
                for upstream, versions in made_of.items()
            )
            or recipe not in (None, wanted[name])
            or (recipe is None and name in order.asked)
            or (name == "raw_video" and tags.get(DATA_VERSION_TAG) != storage.fingerprint(order.key))
        ):
            return names[position:]
        made_of[name] = _as_input(tags.get(DATA_VERSION_TAG))
    return names[-1:]


def _latest(instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str) -> dg.EventLogRecord | None:
    """The newest materialization of an asset of one episode."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[partition]), limit=1
    ).records
    return found[0] if found else None


def _tags(record: dg.EventLogRecord | None) -> Mapping[str, str]:
    event = record.asset_materialization if record else None
    return (event and event.tags) or {}


def _as_input(version: str | None) -> set[str]:
    """How Dagster writes a partition's data version into the tags of what is made of it.

    It hashes the versions of all partitions read, here of one or none; INITIAL means that no partition had any.
    """
    digest = hashlib.sha256((version or "").encode()).hexdigest()
    return {digest} if version else {digest, DEFAULT_DATA_VERSION.value}


def instance() -> dg.DagsterInstance:
    """Dagster's instance: of `DAGSTER_HOME`, else one that is kept in `.dagster` below the working folder.

    Raises ValueError where `DAGSTER_HOME` is no folder.
    """
    if "DAGSTER_HOME" not in os.environ:
        home = Path(".dagster").resolve()
        home.mkdir(exist_ok=True)
        if not (config := home / "dagster.yaml").exists():
            config.write_text("telemetry:\n  enabled: false\n")
        os.environ["DAGSTER_HOME"] = str(home)
    try:
        return dg.DagsterInstance.get()
    except dg.DagsterInvariantViolationError as mistake:
        raise ValueError(str(mistake)) from None


def process(
    order: Order, settings: Settings, storage: Storage, instance: dg.DagsterInstance, progress: Progress
) -> tuple[list[str], dg.ExecuteInProcessResult]:
    """Materialize what is outdated of one episode, with all checks.

    Returns the assets that were kept as they are, and the result, which says what failed. The run has the tag of the
    upload's version, by which the sensor and the API take it as the run that serves it.
    """
    stored = storage.stat(order.key)
    partition = partition_key(order.key)
    instance.add_dynamic_partitions("episodes", [partition])
    wanted = recipes(storage, order, settings)
    selected = outdated(instance, storage, order, wanted)
    configs = {
        "raw_video": order.sound,
        "aligned_transcript": order.transcript,
        "highlight_windows": order.highlights,
        "scenes": ScenesConfig(layout=order.camera.layout, afresh=order.afresh),
        "camera_paths": order.camera,
        "rendered_clips": order.render,
    }
    result = dg.materialize(
        [EDITS, *assets],  # without EDITS Dagster takes the version of another episode's edits for this one's
        selection=dg.AssetSelection.assets(*selected),
        partition_key=partition,
        instance=instance,
        resources={
            **build_resources(settings, storage),
            "progress": dg.ResourceDefinition.hardcoded_resource(progress),
        },
        run_config=dg.RunConfig(
            ops={name: config for name, config in configs.items() if name in selected},
            loggers={"console": {"config": {"log_level": "CRITICAL"}}},
        ),
        tags={
            **{f"{RECIPE_TAG}_{name}": recipe for name, recipe in wanted.items()},
            **({UPLOAD_TAG: upload_tag(stored)} if stored else {}),
        },
        raise_on_error=False,
    )
    kept = [asset.key.to_user_string() for asset in assets if asset.key.to_user_string() not in selected]
    return kept, result


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """A sentence for each step that failed; a mistake of ours comes with its traceback."""
    sentences = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            sentences.append(data.user_failure_data.description)
        elif data.error:
            sentences.append(f"{event.step_key} failed: {data.error.to_string()}")
    if not result.success and not sentences:
        raise RuntimeError("; ".join(event.message or "" for event in result.all_events if event.is_failure))
    return sentences
