"""Serves WSGI applications on the loopback interface, as stand-ins for services that tests cannot reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from werkzeug.serving import make_server


@contextmanager
def on_loopback(application: Any) -> Iterator[str]:
    """Serve a WSGI application until the end of the block, and yield its URL."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
