import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from itsdangerous import TimestampSigner

from clipper_assets.api.deps import Services
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.urls import Signer
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.api.conftest import TOKENS, client_of

LIFE_S = 3600
CONTENT = bytes(range(256)) * 4
KEY = "a show/clips/clip_0 #1.mp4"


def services_on(services: Services, storage: Storage) -> Services:
    return replace(services, storage=storage, signer=Signer(TOKENS.key, LIFE_S))


def shift_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Makes signatures be created and checked as if that many seconds had passed."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time() + seconds))


@pytest.fixture
def directory(services: Services, storage: DirectoryStorage) -> Services:
    storage.put_bytes(KEY, CONTENT)
    return services_on(services, storage)


@pytest.fixture
def visitor(directory: Services) -> TestClient:
    """A client without a token, like the player of a browser."""
    return client_of(directory, None)


def test_a_media_url_works_without_a_token(directory: Services, visitor: TestClient) -> None:
    url = directory.url(KEY)
    assert url.startswith("/media/a%20show/clips/clip_0%20%231.mp4?signature=")
    whole = visitor.get(url)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "video/mp4"
    assert "content-disposition" not in whole.headers
    head = visitor.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))


def test_media_support_byte_ranges(directory: Services, visitor: TestClient) -> None:
    url = directory.url(KEY)
    part = visitor.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert visitor.get(url, headers={"Range": f"bytes={len(CONTENT)}-"}).status_code == 416


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mp4", "video/mp4"),
        ("a.jpg", "image/jpeg"),
        ("a.vtt", "text/vtt"),
        ("a.srt", "application/x-subrip"),
        ("a", "application/octet-stream"),
    ],
)
def test_media_types_are_right_on_both_storages(services: Services, any_storage: Storage, name: str, kind: str) -> None:
    any_storage.put_bytes(name, b"x")
    services_there = services_on(services, any_storage)
    url = services_there.url(name)
    answer = httpx.get(url, trust_env=False) if url.startswith("http") else client_of(services_there, None).get(url)
    assert (answer.status_code, answer.content) == (200, b"x")
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["cache-control"] == "private, no-cache"


def test_an_s3_url_is_presigned_for_its_lifetime(services: Services, s3_storage: S3Storage) -> None:
    url = urlsplit(services_on(services, s3_storage).url(KEY))
    query = parse_qs(url.query)
    assert query["X-Amz-Expires"] == [str(LIFE_S)]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


def test_a_url_expires_after_its_lifetime(
    directory: Services, visitor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = directory.url(KEY)
    shift_clock(monkeypatch, LIFE_S - 5)
    assert visitor.get(url).status_code == 200
    shift_clock(monkeypatch, LIFE_S + 5)
    late = visitor.get(url)
    assert late.status_code == 403
    assert late.json() == {"detail": "this URL has expired or was changed; request a new one from the API"}


def test_a_signature_survives_a_restart_and_expires_when_the_tokens_change(directory: Services) -> None:
    signature = directory.signer.sign("media", KEY)
    assert Signer(TOKENS.key, LIFE_S).read("media", signature, LIFE_S) == KEY
    with pytest.raises(RefusedError):
        Signer(b"other tokens", LIFE_S).read("media", signature, LIFE_S)
    with pytest.raises(RefusedError):
        directory.signer.read("upload", signature, LIFE_S)


def test_a_signature_is_valid_for_one_object_only(
    directory: Services, visitor: TestClient, storage: DirectoryStorage, tmp_path: Path
) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    storage.put_bytes("other.mp4", b"other")
    url = directory.url(KEY)
    query = url.partition("?")[2]
    for path in ("other.mp4", "%2e%2e/secret.mp4", "..%2fsecret.mp4", f"{quote(KEY)}/../../other.mp4"):
        assert visitor.get(f"/media/{path}?{query}").status_code == 403, path
    changed = url[:-1] + ("A" if url[-1] != "A" else "B")
    assert visitor.get(changed).status_code == 403
    assert visitor.get(url.partition("?")[0]).status_code == 422
    outside = visitor.get(f"/media/x?signature={directory.signer.sign('media', 'x')}")
    assert outside.status_code == 404
    for key in ("../secret.mp4", "/etc/passwd"):
        signature = directory.signer.sign("media", key)
        assert visitor.get(f"/media/{quote(key, safe='')}?signature={signature}").status_code == 422, key


def test_a_symlink_out_of_the_root_is_not_served(
    directory: Services, visitor: TestClient, storage: DirectoryStorage, tmp_path: Path
) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (Path(storage.root) / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    assert visitor.get(directory.url("link.mp4")).status_code == 422


def test_a_deleted_object_is_404(directory: Services, visitor: TestClient, storage: DirectoryStorage) -> None:
    url = directory.url(KEY)
    storage.delete(KEY)
    assert visitor.get(url).status_code == 404


def test_the_url_stays_the_same_for_half_of_its_lifetime(directory: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    first, urls = directory.url(KEY), directory.signer.urls
    shift_clock(monkeypatch, LIFE_S / 2)
    urls.expire(time.monotonic() + 0.49 * LIFE_S)
    assert directory.url(KEY) == first
    urls.expire(time.monotonic() + 0.51 * LIFE_S)
    assert directory.url(KEY) != first
