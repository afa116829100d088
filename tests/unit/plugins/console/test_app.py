"""Result pages are shown to people who are logged in, and nothing else of the disk to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Airflow's API server loads Starlette's test client, which recommends another HTTP library.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")


@pytest.fixture
def client(installation: Path) -> Iterator[Any]:
    """Someone who is logged in; one page lies where pages lie, another file beside them."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    from perennial_airflow.console.app import application

    (installation / "reports/stays").mkdir(parents=True)
    (installation / "reports/stays/page.html").write_text("<p>judged</p>")
    (installation / "reports/notes.txt").write_text("secret")
    (installation / "outside.html").write_text("secret")
    (installation / "reports/way_out.html").symlink_to(installation / "outside.html")
    application.cache_clear()
    app = application()
    app.dependency_overrides[get_user] = lambda: object()
    yield TestClient(app, raise_server_exceptions=False)
    application.cache_clear()


def test_a_page_is_shown_and_may_run_nothing(client: Any) -> None:
    answer = client.get("/reports/stays/page.html")
    assert (answer.status_code, answer.text) == (200, "<p>judged</p>")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "page",
    [
        "../outside.html",
        "%2e%2e/outside.html",
        "..%2foutside.html",
        "stays/../../outside.html",
        "stays/%2e%2e/%2e%2e/outside.html",
        "/etc/hostname",
        "%2fetc%2fhostname",
        "way_out.html",
        "notes.txt",
        "stays",
        "",
        "%00.html",
        "stays/page.html%00.html",
        "a" * 5000 + ".html",
    ],
)
def test_anything_else_is_not_there(client: Any, page: str) -> None:
    answer = client.get(f"/reports/{page}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_login_nothing_is_shown(client: Any) -> None:
    client.app.dependency_overrides.clear()
    assert client.get("/reports/stays/page.html").status_code == 401
