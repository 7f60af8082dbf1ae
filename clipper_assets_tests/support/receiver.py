"""Receives webhooks over HTTPS on loopback, with a certificate from its own authority."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import trustme
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """Answers with the status codes of `answers` in turn, then with 204.

    `received` has the id and body of each webhook, after its signature was verified.
    """

    url: str
    authority: Path
    answers: list[int] = field(default_factory=list)
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    silent: Event = field(default_factory=Event)
    """While this is set, no request is answered."""


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.received.append((self.headers["webhook-id"], Webhook(SECRET).verify(body, dict(self.headers))))
            while receiver.silent.is_set():
                ended.wait(0.05)
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    ended = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(f"https://127.0.0.1:{server.server_port}/hook", folder / "authority.pem")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.silent.clear()
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
