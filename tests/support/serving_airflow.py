"""What takes several runs of a real Airflow: a version that a person approved, a night that was scored."""

from __future__ import annotations

from datetime import date
from typing import Any

from include.contracts import PublicationRef
from include.demo.airflow_api import AirflowApi, Run
from tests.support.asking_airflow import MODEL, Question, wait_until


def serve_successor(admin: AirflowApi, approver: AirflowApi, as_of: date, run_id: str) -> int:
    """Train as of a day and let a person approve; return the version that serves then."""
    admin.trigger(f"{MODEL}__snapshot", run_id, {"as_of": as_of.isoformat()})
    question = Question.open(admin)

    def ended() -> bool:
        # An answer within the second in which the question was put can be lost to a retry, which asks again.
        if not question.details()["response_received"]:
            question.answer(approver, "Approve", {"reason": "for the test"})
        return admin.run(question.run).state in {"success", "failed"}

    wait_until(ended, "the end of the promotion")
    assert question.states()["announce_champion"] == "success"
    return int(question.result("promote_candidate")["version"])


def run(api: AirflowApi, stage: str, run_id: str, **params: Any) -> Run:
    return api.wait(api.trigger(f"{MODEL}__{stage}", run_id, params), lambda: None)


def scored_by(admin: AirflowApi, night: date, run_id: str) -> int:
    done = run(admin, "predict", run_id, partition=night.isoformat())
    return PublicationRef.from_json(admin.result(done, "predict_partition")).model_version
