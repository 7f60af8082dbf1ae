"""A model hub on loopback that implements the part of the hub's protocol that downloads need."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serve(repositories: dict[str, Path], token: str | None = None) -> Iterator[str]:
    """Serve folders as repositories and yield the hub's address; with `token`, only requests that send it get files."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.respond(with_body=False)

        def do_GET(self) -> None:
            self.respond(with_body=True)

        def respond(self, *, with_body: bool) -> None:
            body = self.content()
            allowed = token is None or self.headers.get("Authorization") == f"Bearer {token}"
            self.send_response(404 if body is None else 200 if allowed else 401)
            if body is None or not allowed:
                body = b""
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def content(self) -> bytes | None:
            """The repository's file list or one of its files; None if there is none at this path."""
            path = self.path.partition("?")[0].removeprefix("/")
            for name, folder in repositories.items():
                if path.startswith(f"api/models/{name}"):
                    files = [{"rfilename": file.name} for file in sorted(folder.iterdir())]
                    return json.dumps({"id": name, "sha": COMMIT, "siblings": files}).encode()
                if path.startswith(f"{name}/resolve/"):
                    file = folder / path.rpartition("/")[2]
                    return file.read_bytes() if file.is_file() else None
            return None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
