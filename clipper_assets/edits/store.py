"""Stores edits in the lake as numbered versions; each file is complete and never overwritten."""

import re
from datetime import UTC, datetime

import dagster as dg
from pydantic import ValidationError

from clipper_assets.edits.lineage import EDITS, edits_read
from clipper_assets.edits.model import Edits
from clipper_assets.episodes.partitions import object_key
from clipper_assets.runtime.lineage import DATA_VERSION, report
from clipper_assets.shows.show import Layout, load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

_VERSION = re.compile(r"[0-9]{6}\.json")


def latest_edits(storage: Storage, partition: str) -> Edits:
    """The newest version of the edits. Raises DamagedError if it cannot be read."""
    folder = f"{_folder(partition)}/"
    keys = [
        stored.key
        for stored in storage.list_objects(_folder(partition))
        if _VERSION.fullmatch(stored.key.removeprefix(folder))
    ]
    return _read(storage, max(keys)) if keys else Edits(version=0)


def edits_at(storage: Storage, partition: str, version: int) -> Edits:
    """An earlier version of the edits. Raises DamagedError if it cannot be read."""
    return _read(storage, _key(partition, version)) if version else Edits(version=0)


def save_edits(storage: Storage, instance: dg.DagsterInstance, partition: str, edits: Edits) -> bool:
    """Store a new version and report it to Dagster; returns False if somebody else stored that version first.

    Reported are the version, as a materialization, and what each asset reads of it, if that changed, as observations.
    """
    key = _key(partition, edits.version)
    versions = edits_read(edits, _usual_layout(storage, partition))
    if not storage.create(key, edits.model_dump_json(indent=2).encode()):
        return False
    metadata: dict[str, int | str] = {"version": edits.version, "what": edits.what, "dagster/uri": storage.uri(key)}
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            EDITS.key,
            partition=partition,
            metadata=metadata,
            tags={DATA_VERSION: str(edits.version)},
        )
    )
    report(instance, partition, versions, metadata)
    return True


def undone(storage: Storage, partition: str, edits: Edits) -> Edits:
    """A new version that restores the one before `edits`.

    Undoing the new version goes back one version further. Version 0 has none before it.
    """
    previous = edits_at(storage, partition, edits.base)
    return previous.model_copy(
        update={"version": edits.version + 1, "what": f"undid: {edits.what}", "created_at": datetime.now(UTC)}
    )


def _usual_layout(storage: Storage, partition: str) -> Layout:
    try:
        return load_show(storage, object_key(partition)).layout
    except ValueError:
        return Layout.auto  # every step refuses this show.toml


def _folder(partition: str) -> str:
    return f"{LAKE}/edits/{hive_folder(partition)}"


def _key(partition: str, version: int) -> str:
    return f"{_folder(partition)}/{version:06d}.json"


def _read(storage: Storage, key: str) -> Edits:
    remedy = "restore that file from a backup, or remove this and later versions to discard the edits"
    try:
        return Edits.model_validate_json(stored_bytes(storage, key, remedy))
    except ValidationError:
        raise DamagedError(f"the edits in {key} cannot be read; {remedy}") from None
