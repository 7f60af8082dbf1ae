"""What every handler works with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import dagster as dg
from fastapi import Depends
from starlette.requests import HTTPConnection

from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage

if TYPE_CHECKING:
    from clipper_assets.api.graphql.dagster import Dagster
    from clipper_assets.api.media import Signer
    from clipper_assets.api.metrics import Meter
    from clipper_assets.api.state import States
    from clipper_assets.runs.log import Runs


@dataclass(frozen=True)
class Door:
    """Settings, storage, Dagster's instance and workspace, URLs that expire, what is known of episodes, metrics."""

    settings: Settings
    storage: Storage
    instance: dg.DagsterInstance
    dagster: "Dagster"
    signer: "Signer"
    runs: "Runs"
    states: "States"
    meter: "Meter"


def door_of(connection: HTTPConnection) -> Door:
    door: Door = connection.app.state.door
    return door


TheDoor = Annotated[Door, Depends(door_of)]
"""How a handler asks for it."""
