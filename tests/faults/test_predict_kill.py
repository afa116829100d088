"""Scoring is killed at five moments, repeated, and run twice at once: the table never shows it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import ChampionRef, PublicationRef
from include.settings import Settings
from include.steps import predict_partition
from tests.support.churn import Churn, churn_specs, settings_document

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
DS = date(2017, 5, 3)
ROWS = 1000
MOMENTS = [
    "before reading",
    "while scoring",
    "in the middle of COPY",
    "just before commit",
    "just after commit",
]
TABLES = {
    "prediction": text("SELECT * FROM perennial.prediction ORDER BY model, ds, revision, entity_key"),
    "publication": text("""
        SELECT model, ds, revision, rows, content_hash, model_version, snapshot_tag, snapshot_hash,
               partition_sha256, is_current
        FROM perennial.publication ORDER BY model, ds, revision
    """),
    "current_prediction": text(
        "SELECT entity_key, score, prediction, revision FROM perennial.current_prediction ORDER BY entity_key"
    ),
}


@pytest.fixture
def churn(settings: Settings) -> Churn:
    churn = Churn(settings)
    churn.write_partition(DS, ROWS)
    return churn


@pytest.fixture
def champion(churn: Churn) -> ChampionRef:
    return churn.register()


def start(settings: Settings, champion: ChampionRef, moment: str = "never") -> subprocess.Popen[str]:
    document = {
        "settings": settings_document(settings),
        "champion": champion.to_json(),
        "ds": DS.isoformat(),
        "run_id": "run 1",
    }
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("predict_driver.py")), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if process.stdin is None:
        raise TypeError("the process has no standard input")
    process.stdin.write(json.dumps(document))
    process.stdin.close()
    process.stdin = None  # `communicate` would flush it
    return process


def predict(settings: Settings, champion: ChampionRef) -> PublicationRef:
    specs = churn_specs(champion.model)
    return predict_partition.run(settings, specs, champion.model, DS, champion, "run 1")


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=300)
    if process.returncode != 0:
        pytest.fail(f"scoring ended with {process.returncode}: {errors}")
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


def content(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with warehouse.transaction(settings) as conn:
        return {name: [tuple(row) for row in conn.execute(query)] for name, query in TABLES.items()}


@pytest.fixture
def undisturbed(
    churn: Churn, champion: ChampionRef, new_database: Callable[[], str]
) -> dict[str, list[tuple[object, ...]]]:
    """What the tables hold after one run that nobody killed, in a warehouse of its own."""
    elsewhere = churn.settings.model_copy(update={"warehouse_url": SecretStr(new_database())})
    warehouse.migrate(elsewhere.warehouse())
    predict(elsewhere, champion)
    return content(elsewhere)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_retry_after_a_kill_leaves_what_an_undisturbed_run_leaves(
    churn: Churn, champion: ChampionRef, undisturbed: dict[str, list[tuple[object, ...]]], moment: str
) -> None:
    killed = start(churn.settings, champion, moment)
    killed.communicate(timeout=300)
    seen_between = content(churn.settings)["current_prediction"]

    retry = predict(churn.settings, champion)

    assert killed.returncode == -signal.SIGKILL
    assert seen_between in ([], undisturbed["current_prediction"])
    assert (seen_between != []) == (moment == "just after commit")
    assert retry.changed == (moment != "just after commit")
    assert content(churn.settings) == undisturbed
    assert len(undisturbed["prediction"]) == ROWS


def test_two_runs_of_one_night_at_once_leave_one_revision(
    churn: Churn, champion: ChampionRef, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    running = [start(churn.settings, champion) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(finish, running))

    assert sorted(answer["changed"] for answer in answers) == [False, True]
    assert content(churn.settings) == undisturbed
