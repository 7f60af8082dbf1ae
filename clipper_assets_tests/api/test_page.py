"""docs/api.md lists exactly the requests that the API serves."""

import re
from pathlib import Path

from fastapi.testclient import TestClient

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
METHODS = "GET|POST|PUT|PATCH|DELETE"
OUTSIDE = {("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics")}
"""Served, but not in the OpenAPI document."""


def test_the_page_lists_every_request(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    served = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    rows = re.findall(rf"^\| `({METHODS}) (/\S+)` ", PAGE, re.MULTILINE)
    listed = {(method, path.partition("?")[0]) for method, path in rows}
    assert listed == served | OUTSIDE


def test_requests_outside_the_openapi_document_are_served(client: TestClient) -> None:
    for _, path in OUTSIDE:
        assert client.get(path).status_code in (200, 503), path
