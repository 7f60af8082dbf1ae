"""Error answers: each is one sentence in `detail` with an HTTP status."""

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
    400: "the request is malformed",
    401: "the bearer token is missing or unknown",
    403: "the token does not permit this",
    404: "not found",
    405: "method not allowed",
    408: "the request took too long to arrive",
    409: "conflict: something else is in progress, or was saved first",
    413: "the request body is too large",
    422: "invalid value in the request",
    429: "too many requests; wait for the seconds in `Retry-After`",
    503: "the storage or Dagster's database is unavailable",
}


class Problem(BaseModel):
    """An error answer: why the request failed, in one sentence."""

    detail: str = Field(examples=["unknown caption style 'clasic'; use one of classic, marker"])


class RefusedError(Exception):
    """Refuses a request with an HTTP status; the message is one sentence for the user."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Returns the `responses` of a route: these statuses, and those that every authenticated request may get."""
    return {
        status: {"model": Problem, "description": MEANING[status]}
        for status in sorted({*statuses, 400, 401, 408, 413, 422, 429, 503})
    }


def problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Problem(detail=sentence).model_dump(), status, headers)


def add_handlers(app: FastAPI) -> None:
    """Registers handlers that turn exceptions into error answers."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DamagedError, _damaged)
    app.add_exception_handler(FileNotFoundError, _missing)
    app.add_exception_handler(StorageError, _fault)
    app.add_exception_handler(OperationalError, _database)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, _unreachable)
    app.add_exception_handler(Exception, _internal_error)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)  # noqa: S101
    return problem(error.status, str(error))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return problem(404, f"nothing at {request.url.path}; /openapi.json lists all paths", headers)
    return problem(error.status_code, str(error.detail), headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    mistake = first_mistake(error.errors())
    if mistake.kind == "json_invalid":
        return problem(422, f"the body is not valid JSON: error at character {mistake.path[-1]}")
    inside = replace(mistake, path=mistake.path[1:])  # path[0] is "body", "query", "path" or "header"
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
    return problem(409, "a file of this episode is missing from the storage; process the episode again")


def _unreachable(request: Request, error: Exception) -> JSONResponse:
    log.error("storage: %s", error)
    if fault := fault_of(error):
        return problem(fault.status, fault.sentence)
    return problem(503, "the storage is unreachable; try again, and tell the operator if it persists")


def _database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OperationalError)  # noqa: S101
    log.error("database: %s", error.orig)
    return _fault(request, error)


def _internal_error(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "internal server error; see the server's log")
