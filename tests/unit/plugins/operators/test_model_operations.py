"""Operators of rollback, retirement and the ledger's check hand their forms on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import date
from typing import Any
from unittest.mock import create_autospec

import pytest

from include import steps
from include.contracts import RetirementResult, RollbackResult
from include.contracts.ledger import LedgerCheck
from include.errors import FatalError
from perennial_airflow.operators.retire_model import RetireModelOperator
from perennial_airflow.operators.rollback_champion import RollbackChampionOperator
from perennial_airflow.operators.verify_ledger import VerifyLedgerOperator
from perennial_airflow.quiet_imports import import_skops

MODEL = "booking_cancellation"
ROLLED_BACK = RollbackResult(
    model=MODEL, dry_run=False, from_version=2, to_version=1, effective_from=date(2017, 5, 8), reason="worse",
    rescored=[], ledger_entry=9,
)  # fmt: skip
RETIRED = RetirementResult(
    model=MODEL, dry_run=False, versions=[1, 2], archive="m/retired/1", reason="over", ledger_entry=9
)
FORM: dict[str, Any] = {
    "reason": "worse", "version": None, "effective_from": None, "rescore": True, "dry_run": False,
}  # fmt: skip


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Any]:
    """Replace a step by a double with its signature."""

    def replace_step(name: str, answer: Any) -> Any:
        import_skops()
        module = importlib.import_module(f"{steps.__name__}.{name}")
        double = create_autospec(module.run, return_value=answer)
        monkeypatch.setattr(module, "run", double)
        return double

    return replace_step


@pytest.mark.parametrize("day", [None, "2017-05-08"])
def test_a_rollback_is_done_as_the_form_says_in_the_name_of_who_asked(
    make_context: Any, replace: Any, day: str | None
) -> None:
    step = replace("rollback_champion", ROLLED_BACK)
    context = make_context("manual", FORM | {"effective_from": day}, user="ada")

    assert RollbackChampionOperator(task_id="t", model=MODEL).execute(context) == ROLLED_BACK.to_json()

    assert step.call_args.args[2] == MODEL
    assert step.call_args.kwargs == {
        "request": "r", "reason": "worse", "actor": "ada", "version": None, "rescore": True, "dry_run": False,
        "effective_from": date(2017, 5, 8) if day else None,
    }  # fmt: skip


def test_a_day_that_is_none_is_refused(make_context: Any, replace: Any) -> None:
    step = replace("rollback_champion", ROLLED_BACK)
    context = make_context("manual", FORM | {"effective_from": "tomorrow"})

    with pytest.raises(FatalError, match="effective_from"):
        RollbackChampionOperator(task_id="t", model=MODEL).execute(context)
    step.assert_not_called()


def test_a_retirement_is_done_in_the_name_of_who_asked(make_context: Any, replace: Any) -> None:
    step = replace("retire_model", RETIRED)
    context = make_context("manual", {"reason": "over", "dry_run": False}, user="ada")

    assert RetireModelOperator(task_id="t", model=MODEL).execute(context) == RETIRED.to_json()

    assert step.call_args.kwargs == {"request": "r", "reason": "over", "actor": "ada", "dry_run": False}


def test_the_check_covers_every_model_of_the_specs(make_context: Any, replace: Any) -> None:
    check = LedgerCheck(entries=3, sha256="a" * 64, alterations=[])
    step = replace("verify_ledger", check)

    assert VerifyLedgerOperator(task_id="t").execute(make_context("manual")) == check.to_json()

    assert MODEL in step.call_args.args[1]
