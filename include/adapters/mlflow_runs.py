"""Training runs in MLflow: one run per key, which a retry finds again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from include.adapters import warehouse
from include.adapters.git_registry import without_credentials
from include.contracts import SnapshotRef
from include.settings import Settings

KEY_TAG = "perennial.key"

_MADE_BY = ("code_commit", "lock_sha256")
_BATCH = 100  # MLflow takes no more parameters in one request
_PARAM_LENGTH = 6000  # nor a longer value

_REFUSED = "BAD_REQUEST"  # also MLflow's answer where its database saw two inserts of one key


def start_run(settings: Settings, model: str, key: str, name: str, tags: Mapping[str, str]) -> str:
    """Start the run of a key, or go on with the one that was not finished, and return its id.

    Two that start at once get the same run. One that other code or other packages began is marked killed,
    and another takes its place: a run's parameters can only be written once.

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

    Raises
    ------
    SourceUnavailableError
        When MLflow or the warehouse, whose lock makes it one run, does not answer.
    """
    with warehouse.transaction(settings) as conn, mlflow_client(settings) as client:
        warehouse.model_lock(conn, model)
        experiment = _experiment(client, model)
        for run in _unfinished(client, experiment, key):
            if _made_alike(run, tags):
                return _go_on(client, run, tags)
            client.set_terminated(run.info.run_id, "KILLED")
        run = client.create_run(experiment, run_name=name, tags={**tags, KEY_TAG: key})
        return str(run.info.run_id)


def _unfinished(client: MlflowClient, experiment: str, key: str) -> list[Run]:
    """Return the runs of a key that did not finish, the first one first; runs of trials are others'."""
    found = client.search_runs(
        [experiment], f"tags.`{KEY_TAG}` = '{key}'", order_by=["attributes.start_time ASC"]
    )
    return [
        run for run in found if run.info.status != "FINISHED" and MLFLOW_PARENT_RUN_ID not in run.data.tags
    ]


def _made_alike(run: Run, tags: Mapping[str, str]) -> bool:
    return all(run.data.tags.get(name, tags.get(name)) == tags.get(name) for name in _MADE_BY)


def _go_on(client: MlflowClient, run: Run, tags: Mapping[str, str]) -> str:
    run_id = str(run.info.run_id)
    if run.info.status != "RUNNING":
        client.update_run(run_id, status="RUNNING")
    missing = [RunTag(name, value) for name, value in tags.items() if run.data.tags.get(name) != value]
    if missing:
        client.log_batch(run_id, tags=missing)
    return run_id


def finish_run(settings: Settings, run_id: str, status: str = "FINISHED") -> None:
    """End a run; ending it again changes nothing."""
    with mlflow_client(settings) as client:
        if client.get_run(run_id).info.status != status:
            client.set_terminated(run_id, status)


def log_results(
    settings: Settings, run_id: str, params: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """Record parameters and metrics; the same ones again change nothing.

    Metrics are dated with the start of their run, so that a repetition finds its own entry.
    """
    with mlflow_client(settings) as client:
        dated = client.get_run(run_id).info.start_time
        measured = [Metric(name, value, dated, 0) for name, value in metrics.items()]
        given = [Param(name, str(value)[:_PARAM_LENGTH]) for name, value in params.items()]
        for first in range(0, max(len(measured), len(given)), _BATCH):
            rows = slice(first, first + _BATCH)
            client.log_batch(run_id, metrics=measured[rows], params=given[rows])


def set_tags(settings: Settings, run_id: str, tags: Mapping[str, str]) -> None:
    """Record tags; those of the same name are replaced."""
    with mlflow_client(settings) as client:
        client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])


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
