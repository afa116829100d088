"""A search is killed at every moment and goes on: the same trials, each once, and the same version."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from include.adapters import mlflow_documents, search_study
from include.adapters.search_trial import Trial
from include.contracts import SearchPlan, SnapshotRef
from include.settings import Settings
from include.steps import freeze_snapshot, plan_search, run_trial, train_candidate
from tests.faults.search_driver import MOMENTS
from tests.support.churn import settings_document
from tests.support.killing import start_driver
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.faults

AS_OF = FIRST + timedelta(days=60)
SEARCH = {
    "trials": 5,
    "folds": 2,
    "space": {"learning_rate": {"low": 0.01, "high": 0.5}, "max_iter": {"low": 2, "high": 40}},
}
TRAINING = {**BASE["training"], "params": {}, "search": SEARCH}
DRIVER = Path(__file__).with_name("search_driver.py")


@pytest.fixture(scope="module")
def filled(module_settings: Settings) -> Settings:
    Shop(module_settings).write_days(FIRST, AS_OF - timedelta(days=1))
    return module_settings


class Search:
    """A model's search, and what is left of it."""

    def __init__(self, settings: Settings) -> None:
        self.shop = Shop(settings)
        self.settings, self.specs = settings, self.shop.specs(training=TRAINING)
        self.snapshot: SnapshotRef = freeze_snapshot.run(settings, self.specs, self.shop.model, AS_OF)

    def plan(self) -> SearchPlan:
        return plan_search.run(self.settings, self.specs, self.shop.model, self.snapshot, "commit", "lock")

    def run_trials(self) -> None:
        """Do all of the search that is left."""
        plan = self.plan()
        for number in range(plan.trials):
            run_trial.run(self.settings, self.specs, plan, self.snapshot, number)

    def train(self) -> dict[str, Any]:
        """Train, and return what the version was given."""
        candidate = train_candidate.run(
            self.settings, self.specs, self.shop.model, self.snapshot, "commit", "lock"
        )
        assert candidate.version == 1
        return dict(mlflow_documents.read_model_info(self.settings, candidate.run_id)["params"])

    def start(self, moment: str, plan: SearchPlan | None, trial: int = 0) -> subprocess.Popen[str]:
        document = {
            "settings": settings_document(self.settings),
            "model": self.shop.model,
            "training": TRAINING,
            "snapshot": self.snapshot.to_json(),
            "plan": plan.to_json() if plan else None,
            "trial": trial,
        }
        return start_driver(DRIVER, moment, document)

    def kill(self, moment: str, plan: SearchPlan | None) -> None:
        process = self.start(moment, plan)
        _, errors = process.communicate(timeout=600)
        assert process.returncode == -signal.SIGKILL, errors

    def trials(self, study: str) -> list[tuple[Any, ...]]:
        return [said(trial) for trial in search_study.read_trials(self.settings, study)]

    def runs(self) -> list[Run]:
        address = self.settings.mlflow_tracking_uri
        client = MlflowClient(address, address)
        experiment = client.get_experiment_by_name(self.shop.model)
        return list(client.search_runs([experiment.experiment_id]))

    def check_runs(self) -> None:
        """One run for the training, and one below it for each trial, which ended."""
        runs = {run.data.tags.get("perennial.trial", "training"): run.info.status for run in self.runs()}
        assert len(runs) == len(self.runs())
        assert sorted(runs) == ["0", "1", "2", "3", "4", "training"]
        assert {status for name, status in runs.items() if name != "training"} <= {"FINISHED", "KILLED"}


def said(trial: Trial) -> tuple[Any, ...]:
    """All of a trial but how long it took."""
    return trial.number, trial.state, trial.params, trial.folds, trial.value


@pytest.fixture(scope="module")
def undisturbed(filled: Settings) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """The trials of a search that nobody killed, and what its version was given."""
    search = Search(filled)
    search.run_trials()
    return search.trials(search.plan().study), search.train()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_search_goes_on_to_the_same_end(
    filled: Settings, undisturbed: tuple[list[tuple[Any, ...]], dict[str, Any]], moment: str
) -> None:
    search = Search(filled)
    search.kill(moment, search.plan() if MOMENTS[moment] == "trial" else None)
    search.run_trials()
    assert search.trials(search.plan().study) == undisturbed[0]
    search.check_runs()


def test_a_search_that_is_killed_at_random_trains_the_same(
    filled: Settings, undisturbed: tuple[list[tuple[Any, ...]], dict[str, Any]]
) -> None:
    search, chance = Search(filled), random.Random(7)  # noqa: S311
    plan = search.plan()
    for trial in range(4):
        process = search.start("just after MLflow", plan, trial)
        time.sleep(chance.uniform(2, 12))
        process.kill()
        process.communicate(timeout=60)
    search.run_trials()
    assert search.trials(plan.study) == undisturbed[0]
    assert search.train() == undisturbed[1]
    search.check_runs()
    assert {run.info.status for run in search.runs()} <= {"FINISHED", "KILLED"}
