import logging

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.websockets import WebSocketDisconnect

from clipper_assets.api.auth import Access, Tokens
from clipper_assets.settings import Settings


def test_a_token_without_a_prefix_has_the_role_of_a_creator() -> None:
    tokens = Tokens.parse([SecretStr("first-token"), SecretStr("read:second-token"), SecretStr("operator:third-token")])
    assert tokens.access("first-token") is Access.creator
    assert tokens.access("second-token") is Access.read
    assert tokens.access("third-token") is Access.operator
    assert tokens.access("read:second-token") is None
    assert tokens.access("another-token") is None


@pytest.mark.parametrize("setting", ["", " , ", "read:", "short", "with space in it", "ünïcödë-token"])
def test_a_setting_without_valid_tokens_is_refused_without_quoting_one(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKEN", setting)
    with pytest.raises(ValueError, match="AUTH_TOKEN") as refusal:
        Tokens.parse(Settings().auth_token)
    assert setting in ("", " , ") or setting not in str(refusal.value)


def test_the_signing_key_changes_with_the_tokens() -> None:
    first, second = (Tokens.parse([SecretStr(token)]) for token in ("first-token", "other-token"))
    assert first.key == Tokens.parse([SecretStr("first-token")]).key != second.key


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong-token"}, {"Authorization": "Basic full-token"}])
def test_a_request_without_a_known_token_is_401(stranger: TestClient, header: dict[str, str]) -> None:
    answer = stranger.get("/episodes", headers=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize("name", ["token", "access_token", "AUTH_TOKEN", "Authorization"])
def test_a_token_in_the_url_is_refused_even_if_it_is_valid(stranger: TestClient, name: str) -> None:
    answer = stranger.get("/episodes", params={name: "full-token"})
    assert answer.status_code == 401
    assert "ends up in logs" in answer.json()["detail"]


def test_a_read_only_token_reads_and_cannot_change(reader: TestClient) -> None:
    assert reader.get("/session").json() == {"access": "read"}
    assert reader.get("/episodes").status_code == 200
    for method, path in [
        ("POST", "/process-video"),
        ("POST", "/uploads"),
        ("DELETE", "/episodes/show/cut.mp4/run"),
        ("DELETE", "/episodes/show/cut.mp4"),
        ("POST", "/episodes/show/cut.mp4/retry"),
        ("PATCH", "/episodes/show/cut.mp4/clips/0"),
        ("POST", "/episodes/show/cut.mp4/render"),
    ]:
        answer = reader.request(method, path, json={})
        assert answer.status_code == 403, path


@pytest.mark.parametrize("path", ["/review/", "/review/main.js", "/openapi.json", "/health"])
def test_pages_without_data_are_public(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_a_websocket_without_a_token_is_closed(stranger: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, stranger.websocket_connect("/graphql", ["graphql-ws"]):
        pass
    assert closed.value.code == 4401


def test_a_websocket_takes_the_token_as_a_subprotocol_from_the_same_origin_only(stranger: TestClient) -> None:
    offered = ["graphql-ws", "bearer.read-token"]
    with stranger.websocket_connect("/graphql", offered, headers={"Origin": "http://testserver"}) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
    with (
        pytest.raises(WebSocketDisconnect),
        stranger.websocket_connect("/graphql", offered, headers={"Origin": "https://elsewhere.example"}),
    ):
        pass


def test_no_token_or_query_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/episodes", params={"cursor": "a-secret-cursor"})
        client.get("/episodes", params={"token": "full-token"})
    log = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert "GET /episodes" in log
    assert "full-token" not in log
    assert "a-secret-cursor" not in log
