import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.api.repository.states import States
from clipper_assets.api.routes import uploads
from clipper_assets.episodes.uploads import is_upload
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.multipart import ABANDONED, MIB
from clipper_assets_tests.api.conftest import client_of

CONTENT = bytes(range(256)) * 4096 * 11  # 11 MiB
KEY = "talks/new talk.mp4"


@pytest.fixture
def client(services: Services, any_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The API on an empty storage, with parts of 5 MiB, the smallest that S3 accepts."""
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * MIB)
    return client_of(
        replace(services, storage=any_storage, states=States(any_storage, services.instance, services.runs)),
        "full-token",
    )


def begin(client: TestClient, **fields: object) -> dict[str, object]:
    answer = client.post("/uploads", json={"key": KEY, "size_bytes": len(CONTENT), **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def put(client: TestClient, part: dict[str, object], content: bytes) -> int:
    url = str(part["url"])
    if url.startswith("http"):
        return httpx.put(url, content=content, trust_env=False).status_code
    return client.put(url, content=content, headers={"Authorization": ""}).status_code


def slices(begun: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    for part in begun["parts"]:
        yield part, CONTENT[part["offset"] : part["offset"] + part["size_bytes"]]


def reference(begun: dict[str, object]) -> dict[str, object]:
    return {"key": begun["key"], "upload_id": begun["upload_id"]}


def test_an_upload_appears_only_when_all_parts_are_complete(client: TestClient, any_storage: Storage) -> None:
    begun = begin(client)
    parts = list(slices(begun))
    assert [len(content) for _, content in parts] == [5 * MIB, 5 * MIB, MIB]
    for part, content in reversed(parts[1:]):
        assert put(client, part, content) < 300
    missing = client.post("/uploads/complete", json=reference(begun))
    assert missing.status_code == 409
    assert "incomplete: 1; send them again" in missing.json()["detail"]
    assert not any(is_upload(stored.key) for stored in any_storage.list_objects())
    assert put(client, *parts[0]) < 300
    done = client.post("/uploads/complete", json=reference(begun))
    assert done.status_code == 200, done.text
    assert done.json()["status_url"] == "/episodes/talks/new%20talk.mp4"
    assert any_storage.read_bytes(KEY) == CONTENT
    assert [stored.key for stored in any_storage.list_objects()] == [KEY]
    assert client.post("/uploads/complete", json=reference(begun)).status_code == 404


def test_an_aborted_upload_leaves_no_files(client: TestClient, any_storage: Storage) -> None:
    begun = begin(client)
    put(client, *next(slices(begun)))
    assert client.post("/uploads/abort", json=reference(begun)).status_code == 204
    assert list(any_storage.list_objects()) == []
    assert client.post("/uploads/complete", json=reference(begun)).status_code == 404


def test_an_existing_file_is_replaced_only_with_overwrite(client: TestClient, any_storage: Storage) -> None:
    any_storage.put_bytes(KEY, b"the first")
    refused = client.post("/uploads", json={"key": KEY, "size_bytes": 3})
    assert refused.status_code == 409
    begun = begin(client, overwrite=True)
    for part, content in slices(begun):
        put(client, part, content)
    assert client.post("/uploads/complete", json=reference(begun)).status_code == 200
    assert any_storage.read_bytes(KEY) == CONTENT


def test_of_two_uploads_of_one_key_the_first_complete_one_wins(client: TestClient, any_storage: Storage) -> None:
    first, second = begin(client), begin(client)
    for begun in (first, second):
        for part, content in slices(begun):
            put(client, part, content)
    assert client.post("/uploads/complete", json=reference(first)).status_code == 200
    version = any_storage.stat(KEY)
    assert client.post("/uploads/complete", json=reference(second)).status_code == 409
    assert any_storage.stat(KEY) == version
    assert client.post("/uploads/complete", json=reference(second)).status_code == 404
    assert [stored.key for stored in any_storage.list_objects()] == [KEY]


def test_parts_of_another_size_or_number_are_refused(services: Services, storage: Storage) -> None:
    client = client_of(
        replace(services, storage=storage, states=States(storage, services.instance, services.runs)), "full-token"
    )
    begun = begin(client)
    part, content = next(slices(begun))
    assert put(client, part, content + b"x") == 413
    assert put(client, part, content[:-1]) == 400
    url = str(part["url"])
    assert client.put(re.sub(r"/1$", "/99", url), content=b"x").status_code == 422
    assert client.put(re.sub(r"parts/.", "parts/x", url), content=b"x").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"key": "notes.txt"}, 422),
        ({"size_bytes": 0}, 422),
        ({"size_bytes": 6 * 1024**4}, 422),
        ({"key": "a/.b.mp4"}, 422),
    ],
)
def test_invalid_uploads_are_refused(client: TestClient, fields: dict[str, object], status: int) -> None:
    assert client.post("/uploads", json={"key": KEY, "size_bytes": 10, **fields}).status_code == status


def test_an_upload_id_of_another_key_is_refused(client: TestClient) -> None:
    begun = begin(client)
    assert client.post("/uploads/complete", json={**reference(begun), "key": "other.mp4"}).status_code == 404
    assert client.post("/uploads/complete", json={**reference(begun), "upload_id": "x"}).status_code == 403


def test_abandoned_parts_are_removed(services: Services, storage: Storage) -> None:
    client = client_of(
        replace(services, storage=storage, states=States(storage, services.instance, services.runs)), "full-token"
    )
    begin(client)
    (folder,) = (Path(storage.path("x")).parent / ".uploads").iterdir()
    os.utime(folder, (0, time.time() - ABANDONED.total_seconds() - 1))
    begin(client)
    assert not folder.exists()


def test_a_part_after_the_abort_is_refused(services: Services, storage: DirectoryStorage) -> None:
    client = client_of(
        replace(services, storage=storage, states=States(storage, services.instance, services.runs)), "full-token"
    )
    begun = begin(client)
    part, content = next(slices(begun))
    client.post("/uploads/abort", json=reference(begun))
    assert put(client, part, content) == 404
    assert list(storage.list_objects()) == []


def test_aborting_twice_is_404(client: TestClient) -> None:
    begun = begin(client)
    assert client.post("/uploads/abort", json=reference(begun)).status_code == 204
    assert client.post("/uploads/abort", json=reference(begun)).status_code == 404


def test_a_part_that_is_sent_again_replaces_itself(client: TestClient, any_storage: Storage) -> None:
    begun = begin(client)
    first, *_ = slices(begun)
    assert put(client, first[0], bytes(len(first[1]))) < 300
    for part, content in slices(begun):
        assert put(client, part, content) < 300
    assert client.post("/uploads/complete", json=reference(begun)).status_code == 200
    assert any_storage.read_bytes(KEY) == CONTENT


def test_completing_can_be_repeated_after_a_full_disk(
    services: Services, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(
        replace(services, storage=storage, states=States(storage, services.instance, services.runs)), "full-token"
    )
    monkeypatch.setattr(uploads, "PART_BYTES", 5 * MIB)
    begun = begin(client)
    for part, content in slices(begun):
        put(client, part, content)

    def full(source: BinaryIO, target: BinaryIO, _: int) -> None:
        target.write(source.read(1000))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        assert client.post("/uploads/complete", json=reference(begun)).status_code == 503
    assert not storage.exists(KEY)
    assert client.post("/uploads/complete", json=reference(begun)).status_code == 200
    assert storage.read_bytes(KEY) == CONTENT


def test_the_parts_of_the_largest_file_are_within_the_limits_of_s3(client: TestClient) -> None:
    parts = begin(client, size_bytes=5 * 1024**4)["parts"]
    assert isinstance(parts, list)
    assert len(parts) <= 10_000
    assert sum(part["size_bytes"] for part in parts) == 5 * 1024**4
    assert max(part["size_bytes"] for part in parts) <= 5 * 1024**3


def test_a_read_only_token_cannot_upload(reader: TestClient) -> None:
    assert reader.post("/uploads", json={"key": KEY, "size_bytes": 1}).status_code == 403
    for path in ("complete", "abort"):
        assert reader.post(f"/uploads/{path}", json={"key": KEY, "upload_id": "x"}).status_code == 403
