"""Scoring is killed at five moments, repeated, and run twice at once: the table never shows it."""

from __future__ import annotations

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import ChampionRef, PublicationRef
from include.settings import Settings
from include.steps import predict_partition
from tests.support.churn import Churn, churn_specs, settings_document
from tests.support.killing import start_driver

pytestmark = pytest.mark.faults

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


@pytest.fixture(scope="module")
def trained(module_settings: Settings) -> Churn:
    """One partition, and a warehouse in which nobody is disturbed."""
    churn = Churn(module_settings)
    churn.write_partition(DS, ROWS)
    return churn


@pytest.fixture(scope="module")
def champion(trained: Churn) -> ChampionRef:
    return trained.register()


def start(settings: Settings, champion: ChampionRef, moment: str = "never") -> subprocess.Popen[str]:
    document = {
        "settings": settings_document(settings),
        "champion": champion.to_json(),
        "ds": DS.isoformat(),
        "run_id": "run 1",
    }
    return start_driver(Path(__file__).with_name("predict_driver.py"), moment, document)


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


@pytest.fixture(scope="module")
def undisturbed(trained: Churn, champion: ChampionRef) -> dict[str, list[tuple[object, ...]]]:
    """What the tables hold after one run that nobody killed."""
    predict(trained.settings, champion)
    return content(trained.settings)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_retry_after_a_kill_leaves_what_an_undisturbed_run_leaves(
    fresh_warehouse: Settings,
    champion: ChampionRef,
    undisturbed: dict[str, list[tuple[object, ...]]],
    moment: str,
) -> None:
    killed = start(fresh_warehouse, champion, moment)
    killed.communicate(timeout=300)
    seen_between = content(fresh_warehouse)["current_prediction"]

    retry = predict(fresh_warehouse, champion)

    assert killed.returncode == -signal.SIGKILL
    assert seen_between in ([], undisturbed["current_prediction"])
    assert (seen_between != []) == (moment == "just after commit")
    assert retry.changed == (moment != "just after commit")
    assert content(fresh_warehouse) == undisturbed
    assert len(undisturbed["prediction"]) == ROWS


def test_two_runs_of_one_night_at_once_leave_one_revision(
    fresh_warehouse: Settings, champion: ChampionRef, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    running = [start(fresh_warehouse, champion) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(finish, running))

    assert sorted(answer["changed"] for answer in answers) == [False, True]
    assert content(fresh_warehouse) == undisturbed
