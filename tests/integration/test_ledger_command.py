"""`python -m include.ledger` as a person calls it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import make_url

from include.adapters import warehouse
from include.settings import Settings

pytestmark = pytest.mark.integration

MODEL = "booking_cancellation"


def ask(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PERENNIAL", "AIRFLOW"))
    }
    command = [sys.executable, "-m", "include.ledger", *arguments]
    return subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, timeout=400, check=False
    )


def environment(settings: Settings, connection: str) -> dict[str, str]:
    fields = set(Settings.model_fields) - {"warehouse_url", "connections", "trusted_types"}
    named = {f"PERENNIAL_{field.upper()}": str(getattr(settings, field)) for field in fields}
    return named | {"AIRFLOW_CONN_PERENNIAL_WAREHOUSE": connection}


def as_json(settings: Settings) -> str:
    url = make_url(settings.warehouse())
    return json.dumps(
        {"conn_type": "postgres", "host": url.host, "port": url.port, "login": url.username,
         "password": url.password, "schema": url.database}
    )  # fmt: skip


def promote(settings: Settings) -> None:
    with warehouse.transaction(settings) as conn:
        warehouse.record_promotion(
            conn, MODEL, 3, date(2017, 5, 1), "run3", "a" * 64, "booking_cancellation/2017-04-30-abc",
            "h" * 64, ["all gates passed"], actor="ada", semantic_version="1.2.0",
            details={"approval_reason": "looks right"},
        )  # fmt: skip


def test_who_served_is_answered_in_words(settings: Settings) -> None:
    promote(settings)
    asked = environment(settings, settings.warehouse().replace("postgresql+psycopg", "postgres"))

    answer = ask("who", MODEL, "2017-05-03", **asked)

    assert answer.returncode == 0, answer.stderr
    said = dict(line.strip().split("  ", 1) for line in answer.stdout.splitlines()[1:])
    assert {
        name: value.strip() for name, value in said.items() if name not in {"recorded", "MLflow run"}
    } == {
        "served by": "version 3 (1.2.0)",
        "since": "2017-05-01, by promotion",
        "trained on": f"snapshot booking_cancellation/2017-04-30-abc, content {'h' * 64}",
        "approved by": "ada: looks right",
        "why": "all gates passed",
        "night": "not published",
    }

    before = ask("who", MODEL, "2017-04-03", **asked)
    assert (before.returncode, before.stdout) == (1, "")
    assert "knows no version that serves 2017-04-03" in before.stderr


def test_a_ledger_is_verified_and_its_last_hash_said(settings: Settings) -> None:
    promote(settings)

    answer = ask("verify", **environment(settings, as_json(settings)))

    assert answer.returncode == 0, answer.stderr
    with warehouse.transaction(settings) as conn:
        seal = warehouse.champion_seal(conn, MODEL)
    assert seal is not None
    assert answer.stdout == f"The ledger verifies: 1 entry, the last one has SHA-256 {seal.sha256}\n"


@pytest.fixture
def base() -> Iterator[Path]:
    """A state folder that PostgreSQL's own account can reach, which pytest's folders are closed to."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-ledger-"))
    folder.chmod(0o755)
    (folder / "simulated").mkdir()
    yield folder
    shutil.rmtree(folder)


def test_the_stores_of_a_stopped_stack_are_started_for_it(base: Path) -> None:
    answer = ask("--state", str(base), "verify")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("The ledger verifies: 0 entries")


def test_where_there_is_no_state_the_next_step_is_named(tmp_path: Path) -> None:
    answer = ask("--state", str(tmp_path / "none"), "verify")

    assert answer.returncode == 1
    assert "run `make demo` or `make up` first" in answer.stderr
    assert not (tmp_path / "none").exists()
