"""A real Airflow in which people are asked: a model with manual approval, an account for each person."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from include.contracts import EvaluationRef
from include.demo.airflow_api import AirflowApi, Run
from include.local.stack import LocalStack
from include.settings import Settings
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop, dataset_document

PROJECT_ROOT = Path(__file__).parents[2]
MODEL = "shop"
AS_OF = FIRST + timedelta(days=60)
LATER = AS_OF + timedelta(days=7)
PEOPLE = {"sam": "user", "rita": "user", "eve": "user", "vic": "viewer"}
"""Sam asks for trainings; Sam and Rita are approvers; Eve may answer by her role, but is no approver."""
APPROVERS = ["sam", "rita"]
PATIENCE_SECONDS = 600
SETTLING_SECONDS = 5
"""Airflow takes a task for lost that is answered before the scheduler has heard that it waits."""

_ANNOUNCER = f'''
"""Announces an evaluation that is given to it, as an evaluation task would."""
from airflow.sdk import DAG, Param, task
from perennial_airflow.assets import evaluation

with DAG("announce_evaluation", schedule=None, params={{"evaluation": Param({{}}, type="object")}}):

    @task(outlets=[evaluation("{MODEL}")])
    def announce(*, outlet_events, params):
        outlet_events[evaluation("{MODEL}")].extra = params["evaluation"]

    announce()
'''


class AskingAirflow(LocalStack):
    """The stack over a small model instead of the project's own, with a DAG that announces evidence."""

    def __init__(self, state: Path) -> None:
        super().__init__(PROJECT_ROOT, state)
        self.specs_root = self.state / "specs"
        for name, role in PEOPLE.items():
            self.accounts.add(name, role)
        self.ask_for("10m")
        for dataset in ("events", "outcomes"):
            self._write_yaml(f"datasets/{dataset}.yaml", dataset_document(dataset))
        self._dags = self.state / "dags"
        shutil.copytree(PROJECT_ROOT / "dags", self._dags, dirs_exist_ok=True)
        (self._dags / "announce_evaluation.py").write_text(_ANNOUNCER, "utf-8")

    def env(self) -> dict[str, str]:
        changed = {
            "PERENNIAL_SPECS_ROOT": str(self.specs_root),
            "PERENNIAL_CODE_COMMIT": "0" * 40,
            "AIRFLOW__CORE__DAGS_FOLDER": str(self._dags),
            # A question's end is looked for so often.
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
        }
        return {**super().env(), **changed}

    def ask_for(self, expires: str) -> None:
        """Let questions that are put from now on stay open so long."""
        approval = {"mode": "manual", "approvers": APPROVERS, "expires": expires}
        gates = {
            "absolute": {"roc_auc_score": 0.5},
            "versus_champion": {"metric": "roc_auc_score", "margin": 0.5},
            "stability": {"maximum_churn": 1},
            "servability": {"load_seconds": 600, "milliseconds_per_row": 5_000},
            "approval": approval,
        }
        self._write_yaml(f"models/{MODEL}.yaml", {**BASE, "model": MODEL, "gates": gates})

    def fill(self) -> None:
        """Write the days the model is trained on."""
        Shop(self.settings(), MODEL).write_days(FIRST, LATER - timedelta(days=1))

    def settings(self) -> Settings:
        return Settings.from_mapping(self.env(), warehouse_url=self._database_server().url("warehouse"))

    def sign_in(self, person: str) -> AirflowApi:
        return AirflowApi(self.airflow_url, person, self.accounts.passwords()[person])

    def _write_yaml(self, name: str, document: dict[str, Any]) -> None:
        path = self.specs_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(json.loads(json.dumps(document, default=str))), "utf-8")


def wait_until(found: Callable[[], Any], what: str) -> Any:
    """Wait for an answer that is not None or False."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (answer := found()) in (None, False):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come in {PATIENCE_SECONDS} s")
        time.sleep(0.5)
    return answer


class Question:
    """One question of the promote DAG, seen through REST."""

    def __init__(self, admin: AirflowApi, run_id: str) -> None:
        self._admin = admin
        self.run = Run(f"{MODEL}__promote", run_id, "running")
        self.path = f"{self.run.path}/taskInstances/approve_promotion/-1/hitlDetails"

    @classmethod
    def open(cls, admin: AirflowApi) -> Question:
        """Wait for the one question that waits for its answer."""

        def waiting() -> str | None:
            path = f"/dags/{MODEL}__promote/dagRuns/~/hitlDetails"
            found = admin.get(path, response_received="false", state="awaiting_input")["hitl_details"]
            return found[0]["task_instance"]["dag_run_id"] if found else None

        run_id = wait_until(waiting, "a question")
        time.sleep(SETTLING_SECONDS)
        return cls(admin, run_id)

    def details(self) -> dict[str, Any]:
        return dict(self._admin.get(self.path))

    def answer(self, api: AirflowApi, option: str, params: dict[str, Any]) -> int:
        """Answer as a person would through REST; return the HTTP status."""
        body = {"chosen_options": [option], "params_input": params}
        response: httpx.Response = api._send("PATCH", f"/api/v2{self.path}", json=body)
        return response.status_code

    def states(self) -> dict[str, str]:
        """Wait for the run's end; return the state of each task."""
        self.run = self._admin.wait(self.run, lambda: None)
        return {task["task_id"]: task["state"] for task in self._admin.tasks(self.run)}

    def result(self, task_id: str) -> Any:
        return self._admin.result(self.run, task_id)


def announce(admin: AirflowApi, evidence: EvaluationRef, run_id: str) -> Question:
    """Let a task announce an evaluation; return what follows from it."""
    cause = admin.trigger("announce_evaluation", run_id, {"evaluation": evidence.to_json()})
    cause = admin.wait(cause, lambda: None)
    follower = wait_until(lambda: admin._follower(cause, f"{MODEL}__promote"), "the promotion's run")
    return Question(admin, follower.run_id)
