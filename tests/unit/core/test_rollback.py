"""Which version a rollback goes back to, and from which day on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from include.contracts import ChampionRef
from include.core.rollback import Rollback, plan_rollback
from include.errors import FatalError, NoChampionError


def version(number: int, day: int) -> ChampionRef:
    return ChampionRef(
        model="churn", version=number, run_id=f"r{number}", effective_from=date(2017, 5, day),
        artifact_sha256="a", snapshot_tag="t", snapshot_hash="h",
    )  # fmt: skip


FIRST, SECOND, THIRD = version(1, 1), version(2, 8), version(3, 15)
SERVED = {1: FIRST, 2: SECOND, 3: THIRD}


def plan(**changes: Any) -> Rollback:
    given: dict[str, Any] = {
        "version": None, "effective_from": None, "newest_night": date(2017, 5, 20), "retired": False,
    }  # fmt: skip
    who = {"champion": THIRD, "served": SERVED, "previous": SECOND}
    return plan_rollback("churn", **(who | given | changes))


def test_by_default_the_one_before_serves_from_the_next_night_on() -> None:
    assert plan() == Rollback(THIRD, SECOND, date(2017, 5, 21))


@pytest.mark.parametrize("newest", [None, date(2017, 5, 3)])
def test_nights_before_the_champion_are_left_alone(newest: date | None) -> None:
    assert plan(newest_night=newest).effective_from == THIRD.effective_from


def test_a_version_and_a_day_may_be_named() -> None:
    assert plan(version=1, effective_from=date(2017, 5, 10)) == Rollback(THIRD, FIRST, date(2017, 5, 10))


def test_a_version_does_not_serve_days_that_it_learned_from() -> None:
    with pytest.raises(FatalError, match="trained as of 2017-05-08"):
        plan(effective_from=date(2017, 5, 7))
    assert plan(effective_from=date(2017, 5, 8)).target == SECOND


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 9}, "version 9 never served; versions that did: 1, 2, 3"),
        ({"version": 3}, "version 3 serves already"),
        ({"previous": None}, "the only one that ever served"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FatalError, match=message):
        plan(**changes)


def test_without_a_champion_there_is_nothing_to_undo() -> None:
    with pytest.raises(NoChampionError):
        plan(champion=None)


def test_a_retired_model_goes_back_to_its_champion() -> None:
    assert plan(retired=True).target == THIRD
    assert plan(retired=True, version=3).target == THIRD
    assert plan(retired=True, version=1).target == FIRST
