"""The plan of `clip_stale`: the runs that episodes need, stored in the lake until the sensor has requested them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from clipper_assets.catalogue.stale import Difference
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.stored import Stored

FOLDER = f"{LAKE}/clip_stale"


class Plan(BaseModel):
    """The runs that the run `run_id` of `clip_stale` found, as of `began_at`, with its overrides of the run config."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    began_at: AwareDatetime
    overrides: dict[str, dict[str, Any]]
    differences: Sequence[Difference]


def save_plan(storage: Storage, plan: Plan) -> None:
    """Store the plan in place of all earlier ones: what they left is in it, or no longer differs.

    Of two that are stored at once, the newer stays.
    """
    storage.put_bytes(_key(plan.run_id), plan.model_dump_json(indent=2).encode())
    for stored in sorted(storage.list_objects(FOLDER), key=_age)[:-1]:
        storage.delete(stored.key)


def newest_plan_id(storage: Storage) -> str | None:
    """The run id of the newest plan, without reading it."""
    newest = max(storage.list_objects(FOLDER), key=_age, default=None)
    return newest.key.removeprefix(f"{FOLDER}/").removesuffix(".json") if newest else None


def read_plan(storage: Storage, run_id: str) -> Plan:
    """Raises DamagedError if the plan is missing or cannot be read."""
    remedy = "run clip_stale again"
    try:
        return Plan.model_validate_json(stored_bytes(storage, _key(run_id), remedy))
    except ValidationError:
        raise DamagedError(f"the plan {_key(run_id)} cannot be read; {remedy}") from None


def _age(stored: Stored) -> tuple[datetime, str]:
    return stored.changed_at, stored.key


def _key(run_id: str) -> str:
    return f"{FOLDER}/{run_id}.json"
