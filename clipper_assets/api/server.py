"""The `clipper-api` command: runs the API server."""

import gc
import logging
import os

import click
import dagster as dg
import uvicorn
from limits import parse

from clipper_assets.api.app import build_app
from clipper_assets.api.auth import Tokens
from clipper_assets.api.deps import Services
from clipper_assets.api.descriptors import most_pending, raise_limit
from clipper_assets.api.graphql.dagster import Dagster
from clipper_assets.api.limits import PatientProtocol
from clipper_assets.api.metrics import Meter
from clipper_assets.api.repository.states import States
from clipper_assets.api.urls import Signer
from clipper_assets.episodes.shows import register_shows
from clipper_assets.runs.log import Runs
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.logs import to_standard_error
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.unreachable import unreachable
from clipper_assets.text.terminal import mistakes_in_one_sentence

GRACE_S = 3
"""On shutdown, event streams are cut after this many seconds; their clients reconnect and resume."""


@click.command()
@click.option("--host", help="Address to listen on; default: CLIPPER_API_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; default: CLIPPER_API_PORT.")
def main(host: str | None, port: int | None) -> None:
    """Serve the API for frontends: HTTP, live events, GraphQL and the review page, protected by tokens."""
    raise_limit()
    with mistakes_in_one_sentence(StorageError, dg.DagsterInvariantViolationError):
        settings = Settings()
        tokens = Tokens.parse(settings.auth_token)
        parse(settings.api_rate)
        storage = storage_at(settings.storage, settings.url_expiry_s)
        if why := unreachable(storage):
            raise StorageError(why)
        if "DAGSTER_HOME" not in os.environ:
            raise ValueError("DAGSTER_HOME is not set; set it to the folder of the Dagster instance to serve")
        # Inherited by the code server that the workspace file may start.
        os.environ.setdefault("DAGSTER_CLI_API_GRPC_LOG_FORMAT", settings.log_format)
        instance = dg.DagsterInstance.get()
        dagster = Dagster(instance, settings.workspace)
    logging.basicConfig(level=logging.INFO, handlers=[to_standard_error(settings.log_format)])
    with instance, dagster:
        runs = Runs(instance)
        services = Services(
            settings=settings,
            storage=storage,
            instance=instance,
            dagster=dagster,
            signer=Signer(tokens.key, settings.api_url_expiry_s),
            runs=runs,
            states=States(storage, instance, runs),
            meter=Meter(instance),
        )
        register_shows(instance)
        services.library.start()
        app = build_app(services, tokens)
        # Dagster's modules are most of the heap; a full garbage collection of them would block all requests for 0.4 s.
        gc.collect()
        gc.freeze()
        uvicorn.run(
            app,
            host=host or settings.api_host,
            port=settings.api_port if port is None else port,
            http=PatientProtocol,
            backlog=most_pending(),
            ws="websockets-sansio",
            ws_max_size=settings.api_max_body_bytes,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
