"""What a request can do wrong, as answers of one sentence."""

import logging
from dataclasses import replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.faults import fault_of
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.unreachable import UNREACHABLE
from clipper_assets.text.mistakes import first_mistake

log = logging.getLogger(__name__)

MEANING = {
    400: "the request cannot be read",
    401: "no bearer token, or one that is not known",
    403: "the token may not do this",
    404: "there is no such thing",
    405: "not by this method",
    408: "the request took too long to arrive",
    409: "not now: something else is going on, or came first",
    413: "the body is too large",
    422: "the request asks for what cannot be",
    429: "too many requests; `Retry-After` says for how many seconds to wait",
    503: "the storage or Dagster's database cannot be used now",
}


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str = Field(examples=["there is no upload test1/sample.mp4 below the storage root"])


class RefusedError(Exception):
    """A request that is not served: an HTTP status and, as the message, one sentence for a person."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses, and those that any request with a token can meet."""
    return {
        status: {"model": Problem, "description": MEANING[status]}
        for status in sorted({*statuses, 400, 401, 408, 413, 422, 429, 503})
    }


def problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Problem(detail=sentence).model_dump(), status, headers)


def add_handlers(app: FastAPI) -> None:
    """Turn what handlers raise into answers."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DamagedError, _damaged)
    app.add_exception_handler(FileNotFoundError, _missing)
    app.add_exception_handler(StorageError, _fault)
    app.add_exception_handler(OperationalError, _database)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, _unreachable)
    app.add_exception_handler(Exception, _unknown)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)  # noqa: S101
    return problem(error.status, str(error))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return problem(404, f"there is nothing at {request.url.path}; /openapi.json lists what there is", headers)
    return problem(error.status_code, str(error.detail), headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    mistake = first_mistake(error.errors())
    if mistake.kind == "json_invalid":
        return problem(422, f"the body is not JSON: it breaks at character {mistake.path[-1]}")
    inside = replace(mistake, path=mistake.path[1:])  # of the body, the query, the path or the headers
    return problem(422, inside.sentence(whole=f"the {mistake.path[0]}"))


def _fault(request: Request, error: Exception) -> JSONResponse:
    fault = fault_of(error)
    assert fault  # noqa: S101
    return problem(fault.status, fault.sentence)


def _damaged(request: Request, error: Exception) -> JSONResponse:
    return problem(409, str(error))


def _missing(request: Request, error: Exception) -> JSONResponse:
    log.error("storage: %s", error)
    if fault := fault_of(error):
        return problem(fault.status, fault.sentence)
    return problem(409, "a file that belongs to this is missing in the storage; process the episode again")


def _unreachable(request: Request, error: Exception) -> JSONResponse:
    log.error("storage: %s", error)
    if fault := fault_of(error):
        return problem(fault.status, fault.sentence)
    return problem(503, "the storage cannot be reached; try again, and tell the operator if that goes on")


def _database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OperationalError)  # noqa: S101
    log.error("database: %s", error.orig)
    return _fault(request, error)


def _unknown(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "this is a mistake of the server; its log says more")
