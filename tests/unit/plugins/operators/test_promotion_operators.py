"""From who asked for a training to what became of its candidate."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from unittest.mock import create_autospec

import pytest

from include import steps
from include.contracts import ApprovalRef, DriftResult, PromotionResult, RetrainRequest
from perennial_airflow import assets
from perennial_airflow.operators.decide_promotion import DecidePromotionOperator
from perennial_airflow.operators.freeze_snapshot import FreezeSnapshotOperator
from perennial_airflow.operators.promote_candidate import PromoteCandidateOperator
from perennial_airflow.operators.request_retraining import RequestRetrainingOperator
from perennial_airflow.quiet_imports import import_skops
from tests.support.evaluations import AS_OF, HASH, MODEL, evaluation, plan

MakeContext = Callable[..., dict[str, Any]]
Replace = Callable[[str, Any], Any]
REQUEST = RetrainRequest(model=MODEL, as_of=AS_OF, source="drift", reason="moved")
ANSWER = ApprovalRef(model=MODEL, version=2, evidence_sha256=HASH, approved=True, by="rita", reason="fine")
PROMOTED = PromotionResult(
    model=MODEL, version=2, promoted=True, previous_version=1, effective_from=AS_OF, reasons=["passed"]
)


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Replace a step by a double with its signature that gives the answer."""

    def replace_step(name: str, answer: Any) -> Any:
        import_skops()
        module = importlib.import_module(f"{steps.__name__}.{name}")
        double = create_autospec(module.run, return_value=answer)
        monkeypatch.setattr(module, "run", double)
        return double

    return replace_step


@pytest.fixture
def context(make_context: MakeContext) -> dict[str, Any]:
    return make_context("asset_triggered", events={assets.evaluation(MODEL): [evaluation().to_json()]})


def freeze(context: dict[str, Any]) -> Any:
    frozen = FreezeSnapshotOperator(task_id="t", model=MODEL).execute(context)
    assert context["outlet_events"][assets.snapshot(MODEL)].extra == frozen
    return frozen["requested_by"]


def test_a_snapshot_says_who_triggered_it(make_context: MakeContext, replace: Replace) -> None:
    replace("freeze_snapshot", evaluation().candidate.snapshot)
    assert freeze(make_context("manual", {"as_of": "2017-05-01"}, user="sam")) == "sam"


@pytest.mark.parametrize("person", ["sam", None])
def test_a_snapshot_passes_on_who_started_the_check_that_asked_for_it(
    make_context: MakeContext, replace: Replace, person: str | None
) -> None:
    replace("freeze_snapshot", evaluation().candidate.snapshot)
    asked = REQUEST.model_copy(update={"requested_by": person}).to_json()
    context = make_context("asset_triggered", events={assets.retrain_request(MODEL): [asked]})
    assert freeze(context) == person


@pytest.mark.parametrize(("run_type", "person"), [("manual", "sam"), ("scheduled", None)])
def test_a_retrain_request_says_who_started_the_check(
    make_context: MakeContext, replace: Replace, run_type: str, person: str | None
) -> None:
    replace("request_retraining", REQUEST)
    drift = DriftResult(
        model=MODEL,
        first=AS_OF,
        last=AS_OF,
        champion_version=2,
        rows=9,
        drifted=True,
        features=[],
        report="x",
    )
    context = make_context(run_type, user="sam")
    operator = RequestRetrainingOperator(task_id="t", model=MODEL, drift=drift.to_json())
    assert operator.execute(context)["requested_by"] == person
    assert context["outlet_events"][assets.retrain_request(MODEL)].extra["requested_by"] == person


def test_a_plan_is_made_of_the_announced_evidence(context: dict[str, Any], replace: Replace) -> None:
    step = replace("decide_promotion", plan())
    operator = DecidePromotionOperator(task_id="t", model=MODEL)
    assert operator.execute(context) == plan().to_json()
    assert step.call_args.args[2:] == (MODEL, evaluation())
    assert operator.link_urls["Evidence"] == "/perennial/reports/booking_cancellation/evaluation/2.html"


def test_without_a_question_the_candidate_is_promoted_on_its_evidence(
    context: dict[str, Any], replace: Replace
) -> None:
    step, record = replace("promote_candidate", PROMOTED), replace("record_approval", ANSWER)
    operator = PromoteCandidateOperator(task_id="t", model=MODEL, plan=plan().to_json())
    assert operator.execute(context) == PROMOTED.to_json()
    assert step.call_args.args[2:] == (MODEL, evaluation(), None)
    record.assert_not_called()


def test_an_answer_is_recorded_before_it_counts(context: dict[str, Any], replace: Replace) -> None:
    first = ANSWER.model_copy(update={"approved": False, "reason": "what the ledger had before"})
    step, record = replace("promote_candidate", PROMOTED), replace("record_approval", first)
    operator = PromoteCandidateOperator(
        task_id="t", model=MODEL, plan=plan().to_json(), answer=ANSWER.to_json()
    )
    operator.execute(context)
    assert record.call_args.args[1:] == (plan(), True, "rita", "fine")
    assert step.call_args.args[4] == first
