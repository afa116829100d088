"""A real HTTP server of bookings that misbehaves on purpose, in the way each test asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What the server was asked."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass
class Answer:
    """What it says; `length` is what it claims to send, `hang_up` closes the line before any answer."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    length: int | None = None
    hang_up: bool = False
    pieces: Callable[[], Iterator[bytes]] | None = None


Behaviour = Callable[[Request], Answer]


@dataclass
class Api:
    """A server on loopback; `behave` answers, and whatever stands in `first` answers before it."""

    port: int
    behave: Behaviour
    first: list[Answer] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connection(self, login: str = "", extras: str = "", path: str = "") -> str:
        """The server as the URI of an Airflow connection."""
        return f"http://{login}{'@' if login else ''}{self.host}/{path}{'?' if extras else ''}{extras}"

    def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        return self.first.pop(0) if self.first else self.behave(request)


def json_answer(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(body).encode(), status, {"Content-Type": "application/json", **headers})


def always(answer: Answer) -> Behaviour:
    """Behave the same at any time."""
    return lambda _: answer


@contextmanager
def serve(behave: Behaviour) -> Iterator[Api]:
    """Run a server for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(api.answer(Request(parts.path, params, dict(self.headers))))

        def _send(self, answer: Answer) -> None:
            self.close_connection = True
            if answer.hang_up:
                return
            self.send_response_only(answer.status)  # without a date, unless the test gives one
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.length is not None or answer.pieces is None:
                self.send_header("Content-Length", str(answer.length or len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in answer.pieces() if answer.pieces else [answer.body]:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                return  # the client had enough

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = Api(server.server_address[1], behave)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
