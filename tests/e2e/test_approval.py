"""A person is asked under a real Airflow, and answers through REST."""

from __future__ import annotations

from typing import Any

import pytest

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import ApprovalRef, EvaluationRef, PromotionResult
from include.demo.airflow_api import AirflowApi
from tests.support.asking_airflow import (
    APPROVERS,
    AS_OF,
    MODEL,
    AskingAirflow,
    Question,
    announce,
    wait_until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.operations, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def asked(stack: AskingAirflow, admin: AirflowApi, people: dict[str, AirflowApi]) -> Question:
    """Sam asks for a training; its candidate passed the gates."""
    people["sam"].trigger(f"{MODEL}__snapshot", "by-sam", {"as_of": AS_OF.isoformat()})
    return Question.open(admin)


@pytest.fixture(scope="module")
def evidence(asked: Question, admin: AirflowApi) -> EvaluationRef:
    events = admin.get(f"{asked.run.path}/upstreamAssetEvents")["asset_events"]
    return EvaluationRef.from_json(events[0]["extra"])


def other(evidence: EvaluationRef, number: int) -> EvaluationRef:
    """The same candidate on other evidence: another question."""
    return evidence.model_copy(update={"holdout_rows": evidence.holdout_rows + number})


def result(question: Question) -> PromotionResult:
    return PromotionResult.from_json(question.result("promote_candidate"))


def answers(stack: AskingAirflow) -> list[Any]:
    with warehouse.transaction(stack.settings()) as conn:
        return [entry.body for entry in ledger.entries(conn, MODEL) if entry.kind.value == "approval"]


def test_the_question_shows_the_evidence_and_goes_to_who_may_answer(
    asked: Question, evidence: EvaluationRef
) -> None:
    details = asked.details()
    assert details["subject"] == f"Shall version 1 of {MODEL} serve?"
    assert "asked for by **sam**" in details["body"]
    assert "| roc\\_auc\\_score |" in details["body"]
    assert [user["id"] for user in details["assigned_users"]] == [n for n in APPROVERS if n != "sam"]
    assert evidence.candidate.snapshot.requested_by == "sam"


def test_nobody_else_can_answer(asked: Question, people: dict[str, AirflowApi], admin: AirflowApi) -> None:
    for api in (people["eve"], people["sam"], people["vic"], admin):
        assert asked.answer(api, "Approve", {"reason": "let me"}) == 403
    assert asked.answer(people["rita"], "Perhaps", {"reason": "let me"}) == 400
    assert not asked.details()["response_received"]


@pytest.mark.parametrize("params", [{}, {"reason": ""}, {"reason": "  "}])
def test_an_answer_without_a_reason_leaves_the_question_open(
    asked: Question,
    people: dict[str, AirflowApi],
    params: dict[str, str],
    stack: AskingAirflow,
    admin: AirflowApi,
) -> None:
    assert asked.answer(people["rita"], "Approve", params) == 200
    wait_until(lambda: not asked.details()["response_received"], "the question, open again")
    assert Question.open(admin).run.run_id == asked.run.run_id
    assert answers(stack) == []


def test_a_no_refuses_the_candidate_with_the_reason(
    asked: Question, people: dict[str, AirflowApi], stack: AskingAirflow
) -> None:
    assert asked.answer(people["rita"], "Reject", {"reason": "the holdout is too short"}) == 200
    states = asked.states()
    assert (states["approve_promotion"], states["announce_champion"]) == ("success", "skipped")
    assert not result(asked).promoted
    assert result(asked).reasons == ["rita did not approve: the holdout is too short"]
    assert [(a["approved"], a["by"]) for a in answers(stack)] == [(False, "rita")]
    assert asked.answer(people["rita"], "Approve", {"reason": "changed my mind"}) == 409


def test_a_refused_question_is_not_put_again(
    stack: AskingAirflow, admin: AirflowApi, asked: Question
) -> None:
    known = answers(stack)
    body = {"dry_run": False, "only_failed": False, "dag_run_id": asked.run.run_id}
    admin.post(f"/dags/{MODEL}__promote/clearTaskInstances", body)
    asked.states()
    assert not result(asked).promoted
    assert answers(stack) == known


def test_silence_is_a_no(stack: AskingAirflow, admin: AirflowApi, evidence: EvaluationRef) -> None:
    stack.ask_for("5s")
    question = announce(admin, other(evidence, 1), "silence")
    question.states()
    stack.ask_for("10m")
    answer = ApprovalRef.from_json(question.result("approve_promotion"))
    assert (answer.approved, answer.by, answer.reason) == (False, None, "nobody answered within 5s")
    assert result(question).reasons == ["nobody approved in time: nobody answered within 5s"]


def test_a_yes_promotes_and_clearing_asks_nobody_again(
    stack: AskingAirflow, admin: AirflowApi, people: dict[str, AirflowApi], evidence: EvaluationRef
) -> None:
    announce(admin, other(evidence, 2), "yes")
    question = Question.open(admin)
    assert question.answer(people["rita"], "Approve", {"reason": "better where it matters"}) == 200
    assert question.states()["announce_champion"] == "success"
    first = result(question)
    assert (first.promoted, first.approved_by) == (True, "rita")
    known = answers(stack)
    body = {"dry_run": False, "only_failed": False, "dag_run_id": question.run.run_id}
    admin.post(f"/dags/{MODEL}__promote/clearTaskInstances", body)
    assert set(question.states().values()) <= {"success", "skipped"}
    assert result(question) == first
    assert answers(stack) == known
