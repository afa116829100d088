"""Training runs in MLflow: one finished run per key, whatever was killed before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.utils.time import get_current_time_millis

from include.adapters.git_registry import without_credentials
from include.contracts import SnapshotRef
from include.settings import Settings

KEY_TAG = "perennial.key"

_REFUSED = "BAD_REQUEST"  # also MLflow's answer where its database saw two inserts of one key


def start_run(settings: Settings, model: str, key: str, name: str, tags: Mapping[str, str]) -> str:
    """Start a run and return its id; unfinished runs of the same key are marked killed.

    Parameters
    ----------
    settings
        The installation.
    model
        The experiment is named after it.
    key
        What makes two trainings the same.
    name
        Shown in MLflow.
    tags
        Recorded with the run.
    """
    with mlflow_client(settings) as client:
        experiment = _experiment(client, model)
        for run in client.search_runs([experiment], f"tags.`{KEY_TAG}` = '{key}'"):
            if run.info.status == "RUNNING":
                client.set_terminated(run.info.run_id, "KILLED")
        run = client.create_run(experiment, run_name=name, tags={**tags, KEY_TAG: key})
        return str(run.info.run_id)


def finish_run(settings: Settings, run_id: str, status: str = "FINISHED") -> None:
    """End a run; ending it again changes nothing."""
    with mlflow_client(settings) as client:
        if client.get_run(run_id).info.status != status:
            client.set_terminated(run_id, status)


def log_results(
    settings: Settings, run_id: str, params: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """Record parameters and metrics in one request each way."""
    now = get_current_time_millis()
    with mlflow_client(settings) as client:
        client.log_batch(
            run_id,
            metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
            params=[Param(name, str(value)) for name, value in params.items()],
        )


def log_files(settings: Settings, run_id: str, folder: Path) -> None:
    """Upload all files of a folder as the run's artifacts; files of the same name are replaced."""
    with mlflow_client(settings) as client:
        client.log_artifacts(run_id, str(folder))


def log_document(settings: Settings, run_id: str, name: str, content: Any) -> None:
    """Upload one JSON artifact."""
    with mlflow_client(settings) as client:
        client.log_text(run_id, json.dumps(content, indent=2, sort_keys=True), name)


def log_snapshot(settings: Settings, run_id: str, snapshot: SnapshotRef) -> None:
    """Record the snapshot as the run's input, one MLflow dataset for each of its datasets."""
    inputs = [_dataset_input(settings, snapshot, name, md5) for name, md5 in snapshot.listings.items()]
    with mlflow_client(settings) as client:
        try:
            client.log_inputs(run_id, inputs)
        except MlflowException as error:
            if error.error_code != _REFUSED:
                raise
            client.log_inputs(run_id, inputs)  # another run recorded the same datasets in between


def _experiment(client: MlflowClient, model: str) -> str:
    found = client.get_experiment_by_name(model)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(model))
    except MlflowException:
        found = client.get_experiment_by_name(model)
        if found is None:
            raise
        return str(found.experiment_id)  # another run created it in between


def _dataset_input(settings: Settings, snapshot: SnapshotRef, name: str, md5: str) -> DatasetInput:
    repository = without_credentials(settings.snapshot_registry)
    source = {"repo": repository, "rev": snapshot.tag, "path": name, "md5": md5}
    dataset = Dataset(name=name, digest=md5[:8], source_type="dvc", source=json.dumps(source))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
