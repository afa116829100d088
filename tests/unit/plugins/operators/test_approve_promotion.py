"""The question is put with its terms, answers are read strictly, and a known answer is not asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec
from uuid import UUID

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from include.contracts import ApprovalRef, PromotionPlan
from include.errors import ApprovalError
from include.steps import record_approval
from perennial_airflow import assets
from perennial_airflow.operators.approve_promotion import ApprovePromotionOperator
from tests.support.evaluations import HASH, MODEL, evaluation, plan

MakeContext = Callable[..., dict[str, Any]]
SPECS = Path(__file__).parents[4] / "include"
NOW = datetime.now(UTC)
LATER = (NOW + timedelta(hours=1)).isoformat()


@pytest.fixture(autouse=True)
def manual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The project's own specs, with manual approval."""
    root = tmp_path / "specs"
    for kind in ("datasets", "models"):
        (root / kind).mkdir(parents=True)
        for file in (SPECS / kind).glob("*.yaml"):
            (root / kind / file.name).write_bytes(file.read_bytes())
    write_approval(root, {"mode": "manual", "approvers": ["rita", "tom"], "expires": "2d"})
    monkeypatch.setenv("PERENNIAL_SPECS_ROOT", str(root))
    return root


def write_approval(root: Path, approval: dict[str, Any] | str) -> None:
    name = f"models/{MODEL}.yaml"
    text = (SPECS / name).read_text("utf-8")
    (root / name).write_text(
        text.replace("gates:\n", f"gates:\n  approval: {json.dumps(approval)}\n"), "utf-8"
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands for the call that writes the question into Airflow's database."""
    double = create_autospec(hitl.upsert_hitl_detail)
    monkeypatch.setattr(hitl, "upsert_hitl_detail", double)
    return double


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands for the ledger; it knows no answer unless a test gives it one."""
    double = create_autospec(record_approval.find, return_value=None)
    monkeypatch.setattr(record_approval, "find", double)
    return double


@pytest.fixture
def context(make_context: MakeContext) -> dict[str, Any]:
    made = make_context("asset_triggered", events={assets.evaluation(MODEL): [evaluation().to_json()]})
    return {**made, "task_instance": SimpleNamespace(id=UUID(int=1))}


def operator(**changes: Any) -> ApprovePromotionOperator:
    return ApprovePromotionOperator(task_id="approve", model=MODEL, plan=plan(**changes).to_json())


def event(
    by: str | None = "rita", reason: str = "fine", option: str = "Approve", **more: Any
) -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "params_input": {"reason": reason},
        "responded_at": NOW,
        "responded_by_user": {"id": by, "name": by} if by else None,
        "timedout": False,
        **more,
    }


def test_the_question_goes_to_the_approvers_with_the_evidence(
    context: dict[str, Any], asked: Any, ledger: Any
) -> None:
    with pytest.raises(TaskAwaitingInput) as parked:
        operator().execute(context)
    told = asked.call_args.kwargs
    assert told["subject"] == f"Shall version 2 of {MODEL} serve?"
    assert "version 1, serving" in told["body"]
    assert "(/perennial/reports/booking_cancellation/evaluation/2.html)" in told["body"]
    assert told["options"] == ["Approve", "Reject"]
    assert told["defaults"] == ["Reject"]
    assert [user["id"] for user in told["assigned_users"]] == ["rita", "tom"]
    assert list(told["params"]) == ["reason"]
    assert timedelta(days=2) - timedelta(minutes=1) < parked.value.timeout <= timedelta(days=2)
    assert parked.value.method_name == "read_answer"
    assert ledger.call_args.args[1] == plan()


def test_who_asked_for_the_training_is_not_asked(context: dict[str, Any], asked: Any, ledger: Any) -> None:
    with pytest.raises(TaskAwaitingInput):
        operator(requested_by="rita").execute(context)
    assert [user["id"] for user in asked.call_args.kwargs["assigned_users"]] == ["tom"]


def test_where_nobody_is_left_to_answer_the_task_says_so(
    context: dict[str, Any], asked: Any, ledger: Any, manual: Path
) -> None:
    write_approval(manual, {"mode": "manual", "approvers": ["rita"], "expires": "2d"})
    with pytest.raises(ApprovalError, match="rita asked for the training and is the only approver"):
        operator(requested_by="rita").execute(context)
    asked.assert_not_called()


def test_an_answer_in_the_ledger_is_returned_without_asking(
    context: dict[str, Any], asked: Any, ledger: Any
) -> None:
    known = ApprovalRef(
        model=MODEL, version=2, evidence_sha256=HASH, approved=False, by="tom", reason="not before summer"
    )
    ledger.return_value = known
    assert operator().execute(context) == known.to_json()
    asked.assert_not_called()


@pytest.mark.parametrize("change", [{"allowed": False, "needs_approval": False}, {"needs_approval": False}])
def test_nobody_is_asked_where_the_plan_does_not_say_so(
    context: dict[str, Any], asked: Any, ledger: Any, change: dict[str, Any]
) -> None:
    with pytest.raises(AirflowSkipException, match="all gates passed"):
        operator(**change).execute(context)
    asked.assert_not_called()


def test_nobody_is_asked_once_the_spec_is_automatic(
    context: dict[str, Any], asked: Any, ledger: Any, manual: Path
) -> None:
    write_approval(manual, "auto")
    with pytest.raises(AirflowSkipException, match="asks nobody"):
        operator().execute(context)
    with pytest.raises(AirflowSkipException, match="asks nobody"):
        operator().read_answer(context, event(), LATER)


@pytest.mark.parametrize(("option", "approved"), [("Approve", True), ("Reject", False)])
def test_an_answer_is_handed_on_with_name_and_reason(
    context: dict[str, Any], asked: Any, option: str, approved: bool
) -> None:
    task = operator()
    answer = ApprovalRef.from_json(task.read_answer(context, event(option=option, reason=" ok "), LATER))
    assert task.link_urls["Evidence"] == "/perennial/reports/booking_cancellation/evaluation/2.html"
    assert (answer.approved, answer.by, answer.reason) == (approved, "rita", "ok")
    assert answer.evidence_sha256 == plan().evidence_sha256
    asked.assert_not_called()


def test_silence_is_a_no(context: dict[str, Any], asked: Any) -> None:
    silence = event(by=None, option="Reject", reason="", timedout=True)
    answer = ApprovalRef.from_json(operator().read_answer(context, silence, LATER))
    assert (answer.approved, answer.by, answer.reason) == (False, None, "nobody answered within 2d")


@pytest.mark.parametrize(
    ("given", "requested_by"),
    [
        (event(reason=""), None),
        (event(params_input={}), None),
        (event(params_input=None), None),
        (event(by="eve"), None),
        (event(by=None), None),
        (event(by="rita"), "rita"),
        (event(option="Reject", reason=" "), None),
    ],
    ids=[
        "no reason",
        "no field",
        "no fields",
        "not an approver",
        "nobody",
        "requester",
        "refusal without reason",
    ],
)
def test_an_answer_that_does_not_count_is_asked_for_again_until_the_same_end(
    context: dict[str, Any], asked: Any, given: dict[str, Any], requested_by: str | None
) -> None:
    with pytest.raises(TaskAwaitingInput) as parked:
        operator(requested_by=requested_by).read_answer(context, given, LATER)
    asked.assert_called_once()
    assert timedelta(0) < parked.value.timeout <= timedelta(hours=1)
    assert parked.value.kwargs == {"deadline": LATER}


def test_an_answer_that_does_not_count_at_the_end_is_a_no(context: dict[str, Any], asked: Any) -> None:
    ended = (NOW - timedelta(seconds=1)).isoformat()
    answer = ApprovalRef.from_json(operator().read_answer(context, event(reason=""), ended))
    assert not answer.approved
    asked.assert_not_called()


def test_the_plan_is_read_from_the_task_before(context: dict[str, Any]) -> None:
    assert PromotionPlan.from_json(operator().plan) == plan()
    assert ApprovePromotionOperator.template_fields == ("plan",), (
        "the evidence must not be taken for a template"
    )
