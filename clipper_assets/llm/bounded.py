"""An HTTP client that limits the size and the total time of each answer, for servers that may never finish one."""

import socket
from collections.abc import Iterator
from threading import Timer
from typing import Any

import httpx2 as httpx

from clipper_assets.llm.metering import count_usage

MAX_BYTES = 1_000_000
"""Largest answer; one with a hundred highlights has 50 kB."""


class AnswerTooLargeError(httpx.TransportError):
    """The answer has more than `MAX_BYTES`, or is compressed although the request did not allow it."""


class BoundedClient(httpx.Client):
    """Aborts an answer that is not complete after `total_s` seconds, even if it still sends a byte now and then."""

    def __init__(self, total_s: float) -> None:
        super().__init__(follow_redirects=True)
        self.total_s = total_s
        self._sockets: list[socket.socket] = []

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        expired: list[bool] = []

        def expire() -> None:
            expired.append(True)
            for connection in self._sockets:
                if connection.fileno() != -1:
                    connection.shutdown(socket.SHUT_RDWR)

        # A compressed answer below the limit could decompress to gigabytes.
        request.headers["accept-encoding"] = "identity"
        request.extensions = {**request.extensions, "trace": self._keep_socket}
        timer = Timer(self.total_s, expire)
        timer.daemon = True
        timer.start()
        try:
            response = super().send(request, **{**options, "stream": True})
            try:
                self._read(response, request)
            finally:
                response.close()
        except httpx.TransportError as error:
            if expired:
                raise httpx.ReadTimeout(f"no complete answer within {self.total_s:g} s", request=request) from error
            raise
        finally:
            timer.cancel()
        if expired:  # an answer without a content length looks complete when its connection is closed
            raise httpx.ReadTimeout(f"no complete answer within {self.total_s:g} s", request=request)
        count_usage(request, response)
        return response

    def _read(self, response: httpx.Response, request: httpx.Request) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise AnswerTooLargeError("the answer is compressed", request=request)
        response.stream = _Bounded(response.stream, request)
        response.read()

    def _keep_socket(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._sockets = [connection for connection in self._sockets if connection.fileno() != -1]
            self._sockets.append(info["return_value"].get_extra_info("socket"))


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: Any, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        size_bytes = 0
        for chunk in self._stream:
            size_bytes += len(chunk)
            if size_bytes > MAX_BYTES:
                raise AnswerTooLargeError("the answer is too large", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()
