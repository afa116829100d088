"""Trials of a search in MLflow: each is a run below the training's."""

from __future__ import annotations

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from include.adapters import warehouse
from include.adapters.search_trial import State, Trial
from include.settings import Settings

TRIAL_TAG = "perennial.trial"
STATE_TAG = "perennial.trial_state"
REASON_TAG = "perennial.trial_reason"

_STATUS = {State.COMPLETE: "FINISHED", State.PRUNED: "KILLED", State.FAILED: "FAILED"}
_TAG_LENGTH = 5000
"""MLflow takes no longer tag."""


def record_trial(settings: Settings, parent: str, trial: Trial, metric: str) -> str:
    """Write a trial that ended as a run below its parent and return the run's id; repeating is harmless.

    Parameters
    ----------
    settings
        The installation.
    parent
        The run of the training.
    trial
        As it is on record.
    metric
        What its folds are values of.

    Raises
    ------
    SourceUnavailableError
        When MLflow or the warehouse, whose lock makes it one run, does not answer.
    """
    with warehouse.transaction(settings) as conn, mlflow_client(settings) as client:
        warehouse.name_lock(conn, f"trial:{parent}:{trial.number}")
        run = _run_of(client, parent, trial)
        if run.info.status == "RUNNING":
            _write(client, run, trial, metric)
        return str(run.info.run_id)


def _run_of(client: MlflowClient, parent: str, trial: Trial) -> Run:
    experiment = str(client.get_run(parent).info.experiment_id)
    wanted = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}' AND tags.`{TRIAL_TAG}` = '{trial.number}'"
    found = client.search_runs([experiment], wanted)
    if found:
        return found[0]
    tags = {MLFLOW_PARENT_RUN_ID: parent, TRIAL_TAG: str(trial.number), STATE_TAG: trial.state.value}
    if trial.reason:
        tags[REASON_TAG] = trial.reason[:_TAG_LENGTH]
    return client.create_run(experiment, run_name=f"trial {trial.number}", tags=tags)


def _write(client: MlflowClient, run: Run, trial: Trial, metric: str) -> None:
    at = run.info.start_time  # the same at every repetition: a metric written twice is one metric
    metrics = [Metric(f"fold_{metric}", value, at, fold) for fold, value in sorted(trial.folds.items())]
    if trial.value is not None:
        metrics.append(Metric(f"mean_{metric}", trial.value, at, 0))
    metrics.append(Metric("trial_seconds", trial.seconds, at, 0))
    params = [Param(name, str(value)) for name, value in trial.params.items()]
    client.log_batch(run.info.run_id, metrics=metrics, params=params)
    client.set_terminated(run.info.run_id, _STATUS[trial.state])
