"""Training runs on a real server, several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from uuid import uuid4

import pytest

from include.adapters import mlflow_runs
from include.adapters.mlflow_client import mlflow_client
from include.contracts import SnapshotRef
from include.settings import Settings

pytestmark = pytest.mark.integration


def test_runs_that_record_one_snapshot_at_once_all_record_it(settings: Settings) -> None:
    """MLflow's server answers all but the first insert of a dataset with an error."""
    model = f"demo_{uuid4().hex[:12]}"
    snapshot = SnapshotRef(
        model=model, as_of=date(2017, 5, 1), tag="tag", commit="commit", content_hash="0" * 64,
        listings={"bookings": "a" * 32, "outcomes": "b" * 32}, partitions=2, rows=2,
    )  # fmt: skip
    runs = [mlflow_runs.start_run(settings, model, f"key {n}", f"run {n}", {}) for n in range(6)]
    barrier = Barrier(len(runs))

    def record(run_id: str) -> None:
        barrier.wait()
        mlflow_runs.log_snapshot(settings, run_id, snapshot)

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(record, runs))
    with mlflow_client(settings) as client:
        inputs = [client.get_run(run_id).inputs.dataset_inputs for run_id in runs]
    assert [{item.dataset.name for item in found} for found in inputs] == [set(snapshot.listings)] * len(runs)


@pytest.fixture
def model() -> str:
    return f"demo_{uuid4().hex[:12]}"


def runs_of(settings: Settings, model: str) -> list[tuple[str, str]]:
    with mlflow_client(settings) as client:
        experiment = client.get_experiment_by_name(model)
        assert experiment is not None
        return [(run.info.run_id, run.info.status) for run in client.search_runs([experiment.experiment_id])]


@pytest.mark.parametrize("status", ["RUNNING", "KILLED", "FAILED"])
def test_a_run_that_did_not_finish_is_gone_on_with(settings: Settings, model: str, status: str) -> None:
    first = mlflow_runs.start_run(settings, model, "key", "run", {"code_commit": "a"})
    if status != "RUNNING":
        mlflow_runs.finish_run(settings, first, status)
    again = mlflow_runs.start_run(settings, model, "key", "run", {"code_commit": "a", "leakage": "none"})
    assert again == first
    assert runs_of(settings, model) == [(first, "RUNNING")]
    with mlflow_client(settings) as client:
        assert client.get_run(first).data.tags["leakage"] == "none"


def test_what_other_code_began_is_replaced(settings: Settings, model: str) -> None:
    first = mlflow_runs.start_run(settings, model, "key", "run", {"code_commit": "a"})
    second = mlflow_runs.start_run(settings, model, "key", "run", {"code_commit": "b"})
    assert sorted(runs_of(settings, model)) == sorted([(first, "KILLED"), (second, "RUNNING")])


def test_a_finished_run_and_runs_of_trials_are_not_gone_on_with(settings: Settings, model: str) -> None:
    first = mlflow_runs.start_run(settings, model, "key", "run", {})
    mlflow_runs.finish_run(settings, first)
    second = mlflow_runs.start_run(settings, model, "key", "run", {"mlflow.parentRunId": first})
    third = mlflow_runs.start_run(settings, model, "key", "run", {})
    assert len({first, second, third}) == 3


def test_two_that_start_at_once_get_one_run(settings: Settings, model: str) -> None:
    barrier = Barrier(4)

    def start(_: int) -> str:
        barrier.wait()
        return mlflow_runs.start_run(settings, model, "key", "run", {})

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1
    assert len(runs_of(settings, model)) == 1


def test_results_recorded_twice_stand_there_once(settings: Settings, model: str) -> None:
    run_id = mlflow_runs.start_run(settings, model, "key", "run", {})
    params = {f"estimator.{number}": number for number in range(150)}
    for _ in range(2):
        mlflow_runs.log_results(settings, run_id, params, {"validation_roc_auc_score": 0.8})
    with mlflow_client(settings) as client:
        assert len(client.get_run(run_id).data.params) == 150
        assert [m.value for m in client.get_metric_history(run_id, "validation_roc_auc_score")] == [0.8]
