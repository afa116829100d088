"""A version is rolled back and a model retired under a real Airflow, through REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import RetirementResult, RollbackResult
from include.demo.airflow_api import AirflowApi
from tests.support.asking_airflow import AS_OF, LATER, MODEL, AskingAirflow
from tests.support.serving_airflow import run, scored_by, serve_successor
from tests.support.shop import Shop

pytestmark = [pytest.mark.e2e, pytest.mark.operations, pytest.mark.timeout(2400)]

NIGHT, NEXT_NIGHT = LATER, LATER + timedelta(days=1)


@pytest.fixture(scope="module")
def versions(stack: AskingAirflow, admin: AirflowApi, people: dict[str, AirflowApi]) -> tuple[int, int]:
    """Two versions were approved, and two nights wait to be scored."""
    Shop(stack.settings(), MODEL).write_days(NIGHT, NEXT_NIGHT)
    another_day = AS_OF + timedelta(days=1)  # a training as of AS_OF may have been answered for already
    first = serve_successor(admin, people["rita"], another_day, "operations-first")
    return first, serve_successor(admin, people["rita"], LATER, "operations-second")


def test_the_next_night_is_scored_by_the_version_that_was_rolled_back_to(
    stack: AskingAirflow, admin: AirflowApi, people: dict[str, AirflowApi], versions: tuple[int, int]
) -> None:
    first, second = versions
    assert scored_by(admin, NIGHT, "night-before") == second

    dry = run(people["eve"], "rollback", "dry", reason="too many false alarms")
    said = RollbackResult.from_json(admin.result(dry, "rollback_champion"))
    assert (said.dry_run, said.to_version, said.effective_from) == (True, first, NEXT_NIGHT)

    real = run(people["eve"], "rollback", "real", reason="too many false alarms", dry_run=False)
    done = RollbackResult.from_json(admin.result(real, "rollback_champion"))
    assert (done.from_version, done.to_version, done.effective_from) == (second, first, NEXT_NIGHT)
    with warehouse.transaction(stack.settings()) as conn:
        entry = ledger.read(conn, done.ledger_entry or 0)
    assert (entry.actor, entry.reason) == ("eve", "too many false alarms")
    assert scored_by(admin, NEXT_NIGHT, "night-after") == first


def test_a_retired_model_is_skipped_and_its_ledger_verifies(
    admin: AirflowApi, people: dict[str, AirflowApi], versions: tuple[int, int]
) -> None:
    retired = run(people["eve"], "retire", "over", reason="the shop closed", dry_run=False)
    said = RetirementResult.from_json(admin.result(retired, "retire_model"))
    assert set(versions) <= set(said.versions)

    night = run(admin, "predict", "night-of-nobody", partition=NEXT_NIGHT.isoformat())
    states = {task["task_id"]: task["state"] for task in admin.tasks(night)}
    assert states.pop("wait_for_partition") == "success"
    assert set(states.values()) == {"skipped"}, states

    checked = admin.wait(admin.trigger("ledger_verify", "check", {}), lambda: None)
    assert admin.result(checked, "verify_ledger")["alterations"] == []
