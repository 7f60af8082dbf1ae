import socket
from collections.abc import Iterator
from threading import Event, Thread

import httpx2 as httpx
import pytest

from clipper_assets.llm.bounded import MAX_BYTES, AnswerTooLargeError, BoundedClient

STATUS_LINE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of_endless_answer(server: socket.socket, first: bytes, then: bytes, every_s: float) -> str:
    """The URL of a server that sends `first` and then repeats `then` until the client disconnects."""

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


@pytest.mark.parametrize("first", [STATUS_LINE + b"\r\n", STATUS_LINE + b"x-slow: "], ids=["body", "headers"])
def test_an_answer_that_comes_byte_by_byte_is_aborted(server: socket.socket, first: bytes) -> None:
    url = url_of_endless_answer(server, first, b" ", 0.05)
    with BoundedClient(0.4) as client, pytest.raises(httpx.ReadTimeout, match=r"no complete answer within 0\.4 s"):
        client.get(url, timeout=30)


def test_an_endless_answer_is_aborted(server: socket.socket) -> None:
    url = url_of_endless_answer(server, STATUS_LINE + b"\r\n", b" " * MAX_BYTES, 0)
    with BoundedClient(30) as client, pytest.raises(AnswerTooLargeError):
        client.get(url)
