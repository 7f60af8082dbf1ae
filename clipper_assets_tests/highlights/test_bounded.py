import socket
from collections.abc import Iterator
from threading import Event, Thread

import httpx2 as httpx
import pytest

from clipper_assets.highlights.pickers.bounded import MAX_BYTES, AnswerTooLargeError, BoundedClient

BEGUN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def answered(server: socket.socket, first: bytes, then: bytes, every_s: float) -> str:
    """The address of a server that sends `first` and after it `then` again and again, until nobody listens."""

    def serve() -> None:
        connection, _ = server.accept()
        pause = Event()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(first)
                while not pause.wait(every_s):
                    connection.sendall(then)
            except OSError:
                return

    Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("first", [BEGUN + b"\r\n", BEGUN + b"x-slow: "], ids=["body", "headers"])
def test_an_answer_that_comes_byte_by_byte_ends(server: socket.socket, first: bytes) -> None:
    url = answered(server, first, b" ", 0.05)
    with BoundedClient(0.4) as client, pytest.raises(httpx.ReadTimeout, match="not whole in time"):
        client.get(url, timeout=30)


def test_an_endless_answer_ends(server: socket.socket) -> None:
    url = answered(server, BEGUN + b"\r\n", b" " * MAX_BYTES, 0)
    with BoundedClient(30) as client, pytest.raises(AnswerTooLargeError):
        client.get(url)
