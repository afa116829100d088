"""The operators of a search hand on the snapshot, the plan and the trial's number."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import date
from typing import Any
from unittest.mock import create_autospec

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.contracts import SearchPlan, SnapshotRef, TrialResult
from include.errors import FatalError, LeakageError
from perennial_airflow import assets
from perennial_airflow.operators.plan_search import PlanSearchOperator
from perennial_airflow.operators.run_trial import RunTrialOperator
from perennial_airflow.quiet_imports import import_skops

MODEL = "booking_cancellation"
DAY = date(2017, 5, 1)
SNAPSHOT = SnapshotRef(
    model=MODEL, as_of=DAY, tag="t", commit="c", content_hash="0" * 64, listings={"bookings": "m"},
    partitions=1, rows=2,
)  # fmt: skip
PLAN = SearchPlan(model=MODEL, study="s", run_id="abc", trials=8, first_trials=4)


def result(state: str, reason: str | None = None) -> TrialResult:
    return TrialResult(study="s", trial=3, state=state, value=None, params={}, seconds=1.0, reason=reason)


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Any]:
    """Replace a step by a double with its signature."""

    def replace(name: str, answer: Any) -> Any:
        import_skops()
        module = importlib.import_module(f"include.steps.{name}")
        double = create_autospec(module.run, side_effect=answer if isinstance(answer, Exception) else None)
        double.return_value = answer
        monkeypatch.setattr(module, "run", double)
        return double

    return replace


@pytest.fixture
def context(make_context: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return make_context(events={assets.snapshot(MODEL): [SNAPSHOT.to_json()]})


def test_a_search_is_planned_on_the_announced_snapshot(context: dict[str, Any], step: Any) -> None:
    double = step("plan_search", PLAN)
    operator = PlanSearchOperator(task_id="t", model=MODEL)
    assert operator.execute(context) == PLAN.to_json()
    assert double.call_args.args[2:4] == (MODEL, SNAPSHOT)
    assert operator.link_urls["MLflow run"].endswith("/runs/abc")
    assert operator.link_urls["Training set"].endswith(f"{MODEL}/training_set/2017-05-01-00000000.html")


def test_a_search_that_is_refused_for_a_leak_is_linked_to_its_page(
    context: dict[str, Any], step: Any
) -> None:
    step("plan_search", LeakageError("status is known later", report="x.html"))
    operator = PlanSearchOperator(task_id="t", model=MODEL)
    with pytest.raises(LeakageError):
        operator.execute(context)
    assert operator.link_urls == {"Training set": "/perennial/reports/x.html"}


def test_a_trial_is_run_by_its_number(context: dict[str, Any], step: Any) -> None:
    double = step("run_trial", result("pruned"))
    operator = RunTrialOperator(task_id="t", plan=PLAN.to_json(), trial=3)
    assert operator.execute(context) == result("pruned").to_json()
    assert double.call_args.args[2:] == (PLAN, SNAPSHOT, 3)
    assert operator.link_urls["MLflow run"].endswith("/runs/abc")


def test_a_trial_whose_parameters_fail_is_an_answer(context: dict[str, Any], step: Any) -> None:
    step("run_trial", result("failed", "it does not converge"))
    operator = RunTrialOperator(task_id="t", plan=PLAN.to_json(), trial=3)
    assert operator.execute(context)["reason"] == "it does not converge"


def test_a_trial_without_time_is_skipped(context: dict[str, Any], step: Any) -> None:
    step("run_trial", result("skipped", "budget used"))
    with pytest.raises(AirflowSkipException, match="budget used"):
        RunTrialOperator(task_id="t", plan=PLAN.to_json(), trial=3).execute(context)


def test_a_search_cannot_be_started_without_a_snapshot(make_context: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(FatalError, match=f"trigger {MODEL}__snapshot"):
        PlanSearchOperator(task_id="t", model=MODEL).execute(make_context("manual"))
    with pytest.raises(FatalError, match=f"trigger {MODEL}__snapshot"):
        RunTrialOperator(task_id="t", plan=PLAN.to_json(), trial=0).execute(make_context("manual"))
