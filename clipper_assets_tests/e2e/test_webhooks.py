"""A real daemon delivers the failure of an unreadable upload to a receiver that fails twice."""

from pathlib import Path
from typing import Any

import pytest

from clipper_assets_tests.e2e.conftest import Deploy
from clipper_assets_tests.support.receiver import SECRET, receiving
from clipper_assets_tests.support.servers import wait_for

pytestmark = pytest.mark.e2e


def test_a_failed_upload_is_reported_until_the_receiver_accepts_it(deploy: Deploy, tmp_path: Path) -> None:
    root = tmp_path / "storage"
    (root / "show").mkdir(parents=True)
    with receiving(tmp_path) as receiver:
        receiver.answers = [500, 503]
        deploy(
            str(root),
            CLIPPER_WEBHOOK_URLS=receiver.url,
            CLIPPER_WEBHOOK_SECRET=SECRET,
            SSL_CERT_FILE=str(receiver.authority),
            NO_PROXY="127.0.0.1",
        )
        (root / "show" / "notes.mp4").write_text("no video at all")

        def third() -> tuple[str, dict[str, Any]] | None:
            return receiver.received[2] if len(receiver.received) > 2 else None

        name, body = wait_for("the third attempt", third)
        assert receiver.received == [(name, body)] * 3
        assert name == f"{body['data']['run_id']}.episode.failed"
        assert body["type"] == "episode.failed"
        assert body["data"]["key"] == "show/notes.mp4"
        assert "notes.mp4" in body["data"]["error"]
