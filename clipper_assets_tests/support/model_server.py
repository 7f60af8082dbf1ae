"""A server on loopback that implements the part of the OpenAI chat completions protocol that we use."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

KEY = "sk-secret-of-the-tests"


@dataclass(frozen=True)
class Reply:
    """One HTTP response; a `silent` one keeps the connection open without answering."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    silent: bool = False


def completion(content: str | None, finish_reason: str = "stop", refusal: str | None = None) -> Reply:
    """A chat completion with 1000 input and 100 output tokens."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
    return Reply(json.dumps(body).encode())


def error(status: int, **headers: str) -> Reply:
    """An error response that quotes the API key, like those of OpenAI."""
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "type": "error", "code": None}})
    return Reply(body.encode(), status, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@dataclass
class ModelServer:
    """Sends `replies` one after the other, repeating the last one, and records the requests."""

    url: str = ""
    replies: list[Reply | Callable[[dict[str, Any]], Reply]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def answer(self, request: dict[str, Any]) -> Reply:
        self.requests.append(request)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        return reply if isinstance(reply, Reply) else reply(request)


@contextmanager
def serving_model() -> Iterator[ModelServer]:
    """A server on loopback, until the block ends."""
    state = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            state.authorizations.append(self.headers["Authorization"])
            reply = state.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if reply.silent:
                state.closing.wait(30)
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            """Suppress the log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False

    server = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
    assert not thread.is_alive()
