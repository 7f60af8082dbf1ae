"""Schemathesis calls every operation of the OpenAPI document and checks the answers against it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clipper_assets.api.app import build_app
from clipper_assets.api.deps import Services
from clipper_assets_tests.api.conftest import TOKENS
from clipper_assets_tests.conftest import clip_episode, shorten_clips

KEY, NEW = "show4/called.mp4", "show4/new.mp4"

PATIENT = {"api_rate": "1000000/minute", "api_wait_max_s": 0.1}
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def operations(services: Services, cut: Path) -> list[Any]:
    for key in (KEY, NEW):
        services.storage.put_file(key, cut)
        services.storage.put_file(key.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        clip_episode(services.storage, KEY, services.instance)
    patient = replace(services, settings=services.settings.model_copy(update=PATIENT))
    document = schemathesis.openapi.from_asgi("/openapi.json", build_app(patient, TOKENS))
    results: list[Any] = list(document.get_all_operations())
    return [result.ok() for result in results]


def statuses(services: Services, operation: Any) -> set[int]:
    """Calls an operation, half of the times for an existing episode, and returns the status codes of the answers."""
    codes = set()

    @given(case=operation.as_strategy(), is_known=st.booleans())
    @settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def call(case: Any, is_known: bool) -> None:
        if is_known and "key" in case.path_parameters:
            case.path_parameters["key"] = KEY
        if is_known and isinstance(case.body, dict) and "s3_key" in case.body:
            case.body["s3_key"] = NEW
        response = case.call(headers={"Authorization": "Bearer full-token"}, timeout=300)
        case.validate_response(response, checks=CHECKS)
        codes.add(response.status_code)
        for key in (KEY, NEW):
            # A run that stays queued would never end the events of its episode.
            run = services.runs.latest(key)
            if run and not run.is_finished:
                services.instance.delete_run(run.run_id)
                services.states.forget(key)

    call()
    return codes


@pytest.mark.episodes
def test_every_operation_answers_as_documented(services: Services, operations: list[Any]) -> None:
    seen = {(operation.label, status) for operation in operations for status in statuses(services, operation)}
    assert {(label, 200) for label in ("GET /episodes", "GET /episodes/{key}", "GET /episodes/{key}/events")} <= seen
    assert ("POST /process-video", 202) in seen


@pytest.mark.parametrize("path", ["/process-video", "/uploads", "/episodes/{key}/clips/{number}"])
def test_every_request_body_has_an_example(stranger: TestClient, path: str) -> None:
    document = stranger.get("/openapi.json").json()
    (body,) = (method["requestBody"] for method in document["paths"][path].values() if "requestBody" in method)
    name = body["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
    properties = document["components"]["schemas"][name]["properties"]
    assert any("examples" in field for field in properties.values())


def test_schema_names_have_no_module_prefix(stranger: TestClient) -> None:
    schemas = stranger.get("/openapi.json").json()["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []


@pytest.mark.parametrize("path", ["/episodes?limt=5", f"/episodes/{KEY}?x=1", "/session?verbose="])
def test_an_unknown_query_parameter_is_refused(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 422
    assert "has no query parameter" in response.json()["detail"]
