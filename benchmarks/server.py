"""An HTTP file server with range requests, like object storage, that counts the bytes it sends."""

import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType

CHUNK_BYTES = 1 << 16
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class RangeServer:
    """Serves the files of a folder on the loopback interface while entered by `with`.

    `sent_bytes` counts the bytes sent, `opened` the requests that start at the beginning of a file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self.sent_bytes = 0
        self.opened = 0

        class Handler(_Handler):
            files = self

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> "RangeServer":
        Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def url(self, file: Path) -> str:
        """Returns the URL of a file in the folder."""
        return f"http://127.0.0.1:{self._http.server_port}/{file.name}"

    def file(self, path: str) -> Path:
        return self._folder / path.removeprefix("/")

    def count(self, sent: int, opened: bool = False) -> None:
        with self._lock:
            self.sent_bytes += sent
            self.opened += opened


class _Handler(BaseHTTPRequestHandler):
    files: RangeServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = self.files.file(self.path)
        size = file.stat().st_size
        requested_range = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(requested_range[1]) if requested_range else 0
        last = min(int(requested_range[2]), size - 1) if requested_range and requested_range[2] else size - 1
        self.send_response(HTTPStatus.PARTIAL_CONTENT if requested_range else HTTPStatus.OK)
        self.send_header("Accept-Ranges", "bytes")
        # As RFC 9112, 9.6, asks of servers. Without it ffmpeg takes the end of a range for that of the file.
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(last - first + 1))
        if requested_range:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        self.files.count(0, opened=first == 0)
        self._send(file, first, last - first + 1)

    def _send(self, file: Path, first: int, count: int) -> None:
        with file.open("rb") as stream:
            stream.seek(first)
            while count and (chunk := stream.read(min(CHUNK_BYTES, count))):
                self.files.count(len(chunk))
                try:
                    self.wfile.write(chunk)
                except (BrokenPipeError, ConnectionResetError):  # the client stopped reading
                    self.close_connection = True
                    return
                count -= len(chunk)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Logs nothing; requests are only counted."""
