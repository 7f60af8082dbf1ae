"""The server sends the requested bytes and counts them."""

from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from benchmarks.server import RangeServer

CONTENT = bytes(range(256)) * 1000


@pytest.mark.parametrize(
    ("byte_range", "expected", "opened"),
    [
        (None, CONTENT, 1),
        ("bytes=0-", CONTENT, 1),
        ("bytes=0-99", CONTENT[:100], 1),
        ("bytes=255900-", CONTENT[255900:], 0),
        ("bytes=255900-999999", CONTENT[255900:], 0),
    ],
)
def test_a_range_is_sent_and_counted(tmp_path: Path, byte_range: str | None, expected: bytes, opened: int) -> None:
    (tmp_path / "a.mp4").write_bytes(CONTENT)
    with RangeServer(tmp_path) as server:
        request = Request(server.url(tmp_path / "a.mp4"), headers={"Range": byte_range} if byte_range else {})
        with urlopen(request) as response:
            assert response.read() == expected
            assert response.status == (206 if byte_range else 200)
    assert (server.sent_bytes, server.opened) == (len(expected), opened)
