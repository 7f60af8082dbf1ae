"""Dependencies that FastAPI injects into request handlers."""

from dataclasses import dataclass
from typing import Annotated

import dagster as dg
from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from clipper_assets.api.graphql.dagster import Dagster
from clipper_assets.api.metrics import Meter
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.states import States
from clipper_assets.api.urls import Signer, browser_url
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import Runs
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage


@dataclass(frozen=True)
class Services:
    """What request handlers work with: settings, storage, Dagster, signed URLs, episode states and metrics."""

    settings: Settings
    storage: Storage
    instance: dg.DagsterInstance
    dagster: Dagster
    signer: Signer
    runs: Runs
    states: States
    meter: Meter

    def url(self, key: str) -> str:
        """Where a browser finds an object of the storage."""
        return browser_url(self.storage, self.signer, key)


def get_services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
"""The type of a handler's parameter into which FastAPI injects the `Services` of the app."""
AspectQuery = Annotated[
    Aspect | None,
    Query(
        description="whose clip is meant, where an episode has clips in several aspects; default: 9:16, or the newest"
    ),
]


def known_query(request: Request) -> None:
    """Refuses query parameters that the route does not know: a misspelt one would pass for its default.

    A dependency of every route. Raises RefusedError (422) for a parameter that the route does not declare.
    """
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    dependants = (route.dependant, *route.dependant.dependencies)
    declared = [parameter.alias for each in dependants for parameter in each.query_params]
    unknown = next((name for name in request.query_params if name not in declared), None)
    if unknown is not None:
        choices = f"it takes {', '.join(declared)}" if declared else "it takes none"
        raise RefusedError(422, f"{request.url.path} has no query parameter {unknown!r}; {choices}")
