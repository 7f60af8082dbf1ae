"""Dependencies that FastAPI injects into request handlers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import dagster as dg
from fastapi import Depends, Path, Query, Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from clipper_assets.api.graphql.dagster import Dagster
from clipper_assets.api.metrics import Meter
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.states import States
from clipper_assets.api.urls import Signer, browser_url
from clipper_assets.clips.looks import MAX_NAME
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import Runs
from clipper_assets.search.library import Library, index_folder
from clipper_assets.search.refresh import Refresher
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

    @cached_property
    def library(self) -> Refresher:
        """The transcripts of all episodes, for searches."""
        return Refresher(Library(self.storage, index_folder(self.storage, self.settings.search_dir)))

    def url(self, key: str) -> str:
        """Returns a URL at which a browser can load an object of the storage until it expires."""
        return browser_url(self.storage, self.signer, key)


def get_services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
"""The type of a handler's parameter into which FastAPI injects the `Services` of the app."""
AspectQuery = Annotated[
    Aspect | None,
    Query(
        description="aspect of the clip, if the episode has clips in several aspects; default: 9:16, or else the newest"
    ),
]
LookName = Annotated[
    str, Path(min_length=1, max_length=MAX_NAME, pattern="^[^/]+$", examples=["square-marker"], description="a look")
]


def _look(
    look: Annotated[
        str | None,
        Query(max_length=MAX_NAME, description="look of the clip instead of an aspect, such as `square-marker`"),
    ] = None,
    aspect: AspectQuery = None,
) -> str | None:
    if look is not None and aspect is not None:
        raise RefusedError(422, f"name either the aspect {aspect} or the look {look}, not both")
    return look


LookQuery = Annotated[str | None, Depends(_look)]
"""The look that a request is about; None if it is about the default clips."""


def refuse_unknown_query(request: Request) -> None:
    """FastAPI dependency of every route that refuses unknown query parameters, so that a typo is not silently ignored.

    Raises RefusedError (422) for a parameter that the route does not declare.
    """
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    dependants = (route.dependant, *route.dependant.dependencies)
    declared = [parameter.alias for dependant in dependants for parameter in dependant.query_params]
    unknown = next((name for name in request.query_params if name not in declared), None)
    if unknown is not None:
        choices = f"use {', '.join(declared)}" if declared else "it has none"
        raise RefusedError(422, f"{request.url.path} has no query parameter {unknown!r}; {choices}")
