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
