"""What holds for every DAG, seen from a fresh process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import PROJECT_ROOT, parse_dags

HEAVY = {"pandas", "numpy", "scipy", "sklearn", "great_expectations", "mlflow", "dvc", "pyarrow", "duckdb"}
DATASETS = ("bookings", "booking_outcomes")
MODEL = "booking_cancellation"
STAGES = ("ingest", "load_history", "replay_quarantine")
EXPECTED = {f"{name}__{stage}" for name in DATASETS for stage in STAGES} | {
    f"{MODEL}__{stage}"
    for stage in ("snapshot", "train", "promote", "predict", "drift", "reproduce", "rollback", "retire")
}
OPERATIONS = {"snapshot_garbage", "ledger_verify"}


def test_every_stage_has_its_dag_and_none_fails_to_import(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert set(parsed["dags"]) == EXPECTED | OPERATIONS


def test_parsing_loads_no_heavy_library(parsed: dict[str, Any]) -> None:
    assert HEAVY & set(parsed["loaded"]) == set()
    assert "include" in parsed["loaded"]


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_dag_explains_itself(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    name, stage = dag_id.split("__")
    assert name in dag["doc"]
    assert "{name}" not in dag["doc"]
    assert all(f"- `{task}`:" in dag["doc"] for task in dag["tasks"]), "the doc covers every task"
    assert {"perennial", name, stage} <= set(dag["tags"])
    assert dag["owner"] in {"revenue-data", "revenue-ds"}
    for schema in dag["params"].values():
        assert schema["title"]
        assert schema["description"]


@pytest.mark.parametrize("dag_id", sorted(OPERATIONS))
def test_an_operation_explains_itself_and_is_started_by_hand(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    assert all(f"- `{task}`:" in dag["doc"] for task in dag["tasks"]), "the doc covers every task"
    assert {"perennial", "operations"} <= set(dag["tags"])
    assert dag["timetable"] == "NullTimetable"
    for schema in dag["params"].values():
        assert schema["title"]
        assert schema["description"]


@pytest.mark.parametrize("dag_id", sorted(EXPECTED | OPERATIONS))
def test_a_dag_is_safe_by_default(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    assert dag["catchup"] is False
    assert all(task["retries"] == 3 and task["policy"] for task in dag["tasks"].values())


@pytest.mark.parametrize(
    "dag_id", sorted(d for d in EXPECTED if d.split("__")[1] in {"ingest", "predict", "drift"})
)
def test_time_driven_dags_have_a_data_interval_and_a_partition_field(
    parsed: dict[str, Any], dag_id: str
) -> None:
    dag = parsed["dags"][dag_id]
    assert dag["timetable"] == "CronDataIntervalTimetable"
    assert dag["params"]["partition"]["format"] == "date"


def test_waiting_holds_no_worker(parsed: dict[str, Any]) -> None:
    waits = [t for d in parsed["dags"].values() for n, t in d["tasks"].items() if n.startswith("wait_for")]
    assert [wait["mode"] for wait in waits] == ["reschedule", "reschedule"]


def test_the_flow_of_the_night(parsed: dict[str, Any]) -> None:
    tasks = parsed["dags"][f"{MODEL}__predict"]["tasks"]
    assert tasks["pin_champion"]["upstream"] == ["wait_for_partition"]
    assert tasks["predict_partition"]["upstream"] == ["pin_champion"]


def test_a_broken_spec_is_an_import_error_and_the_others_stay(tmp_path: Path) -> None:
    specs = tmp_path / "include"
    for folder in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / folder, specs / folder)
    (specs / "models/broken.yaml").write_text("model: broken\n", "utf-8")
    parsed = parse_dags(specs, tmp_path / "airflow")
    assert set(parsed["dags"]) == EXPECTED | OPERATIONS
    assert set(parsed["errors"]) == {"spec_problems.py"}
    assert "include/models/broken.yaml" in parsed["errors"]["spec_problems.py"]
