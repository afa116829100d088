from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.healthy import is_healthy

REPORT = {"scheduler": {"status": "healthy"}, "triggerer": {"status": "unhealthy"}}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(json.dumps(REPORT).encode())

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_answer_is_healthy_and_an_error_is_not(address: str) -> None:
    assert is_healthy(f"{address}/health")
    assert not is_healthy(f"{address}/broken")


def test_a_component_is_judged_by_its_own_status(address: str) -> None:
    assert is_healthy(f"{address}/health", "scheduler")
    assert not is_healthy(f"{address}/health", "triggerer")


def test_silence_is_not_healthy() -> None:
    with HTTPServer(("127.0.0.1", 0), Handler) as unused:
        address = f"http://127.0.0.1:{unused.server_port}/health"
    assert not is_healthy(address)
