"""The demo under a real Airflow: it tells its whole story, and telling it again changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile
from include.local.stack import LocalStack
from include.local.state_folders import SIMULATED

PROJECT_ROOT = Path(__file__).resolve().parents[2]
NIGHTS = 7

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

_PUBLISHED = """
    SELECT model, ds::text, revision, entity_key, score, prediction, model_version, snapshot_hash
    FROM perennial.prediction ORDER BY model, ds, revision, entity_key
"""
_DOUBLED = """
    SELECT count(*) - count(DISTINCT (model, ds, entity_key)) FROM perennial.current_prediction
"""


def tell(state: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": f"{PROJECT_ROOT}:{PROJECT_ROOT / 'plugins'}", "COLUMNS": "160"}
    command = [
        sys.executable,
        "-m",
        "include.demo",
        "--state",
        str(state.parent),
    ]
    return subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, check=False)


class Warehouse:
    """What the demo left behind, looked at while its stack is down."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def __enter__(self) -> psycopg.Connection[Any]:
        self._processes = Processes(self._state)
        server = LocalPostgres(self._processes, SecretFile(self._state / "secrets.json"))
        server.start()
        self._connection = psycopg.connect(server.url("warehouse").replace("+psycopg", "", 1))
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._processes.stop(self._processes.names())


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo") / SIMULATED
    yield folder
    with LocalStack(PROJECT_ROOT, folder) as stack:
        stack.stop()


@pytest.fixture(scope="module")
def first_telling(state: Path) -> subprocess.CompletedProcess[str]:
    return tell(state)


@pytest.fixture(scope="module")
def published(state: Path, first_telling: subprocess.CompletedProcess[str]) -> list[tuple[Any, ...]]:
    assert first_telling.returncode == 0, first_telling.stdout[-5000:] + first_telling.stderr[-5000:]
    with Warehouse(state) as connection:
        return connection.execute(_PUBLISHED).fetchall()


def test_the_story_is_told_to_its_end(first_telling: subprocess.CompletedProcess[str]) -> None:
    said = first_telling.stdout
    assert first_telling.returncode == 0, said[-5000:] + first_telling.stderr[-5000:]
    for word in ("First version", "Seven nights", "the data changed", "Successor", "Where to look"):
        assert word in said


def test_every_clean_row_is_predicted_once(state: Path, published: list[tuple[Any, ...]]) -> None:
    manifests = sorted((state / "lake/bookings").glob("2017-05-0[1-7]/clean/0001.json"))
    clean = {path.parts[-3]: json.loads(path.read_text("utf-8"))["rows"] for path in manifests}
    predicted: dict[str, int] = {}
    for row in published:
        predicted[row[1]] = predicted.get(row[1], 0) + 1
    assert len(clean) == NIGHTS
    assert predicted == clean


def test_nothing_it_started_is_left_running(state: Path, published: list[tuple[Any, ...]]) -> None:
    assert not any(LocalStack(PROJECT_ROOT, state).status().values())


def test_a_second_telling_changes_no_prediction(state: Path, published: list[tuple[Any, ...]]) -> None:
    again = tell(state)
    assert again.returncode == 0, again.stdout[-5000:] + again.stderr[-5000:]
    with Warehouse(state) as connection:
        assert connection.execute(_PUBLISHED).fetchall() == published
        assert connection.execute(_DOUBLED).fetchall() == [(0,)]
