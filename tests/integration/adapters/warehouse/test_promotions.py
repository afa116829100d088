"""Promotions and decisions on a real PostgreSQL."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, text

from include.adapters import warehouse
from include.contracts import ChampionRef, Decision, Verdict
from include.settings import Settings

pytestmark = pytest.mark.integration


def promote(conn: Connection, version: int, effective_from: date, model: str = "churn") -> None:
    warehouse.record_promotion(
        conn, model, version, effective_from, f"run{version}", "a" * 64, f"tag{version}", "h" * 64, ["better"]
    )


def served(champion: ChampionRef | None) -> int | None:
    return champion and champion.version


@pytest.mark.parametrize(
    ("ds", "version"),
    [
        pytest.param(date(2017, 4, 30), None, id="before the first promotion"),
        pytest.param(date(2017, 5, 1), 1, id="on its first day"),
        pytest.param(date(2017, 5, 7), 1, id="on the day before the next"),
        pytest.param(date(2017, 5, 8), 2, id="on the next one's first day"),
        pytest.param(date(2030, 1, 1), 2, id="long after"),
    ],
)
def test_champion_as_of_a_day(warehouse_settings: Settings, ds: date, version: int | None) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        promote(conn, 1, date(2017, 5, 1))
        promote(conn, 2, date(2017, 5, 8))
        promote(conn, 9, date(2017, 1, 1), model="another")

        assert served(warehouse.champion_as_of(conn, "churn", ds)) == version


def test_the_later_record_wins_where_two_start_on_one_day(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        promote(conn, 2, date(2017, 5, 8))
        promote(conn, 1, date(2017, 5, 8))

        assert served(warehouse.champion_as_of(conn, "churn", date(2017, 5, 8))) == 1
        assert served(warehouse.current_champion(conn, "churn")) == 1


def test_the_current_champion_carries_what_scoring_needs(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        assert warehouse.current_champion(conn, "churn") is None
        promote(conn, 3, date(2017, 5, 1))

        assert warehouse.current_champion(conn, "churn") == ChampionRef(
            model="churn",
            version=3,
            run_id="run3",
            effective_from=date(2017, 5, 1),
            artifact_sha256="a" * 64,
            snapshot_tag="tag3",
            snapshot_hash="h" * 64,
        )


def test_a_version_is_found_after_another_replaced_it(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        promote(conn, 1, date(2017, 5, 1))
        promote(conn, 2, date(2017, 5, 8))

        assert served(warehouse.promoted_version(conn, "churn", 1)) == 1
        assert warehouse.promoted_version(conn, "churn", 7) is None


def test_a_repeated_promotion_is_recorded_once(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        promote(conn, 1, date(2017, 5, 1))
        promote(conn, 1, date(2017, 5, 1))

        assert conn.execute(text("SELECT count(*) FROM perennial.promotion")).scalar_one() == 1


def test_decisions_repeat_without_a_trace_and_new_ones_are_added(warehouse_settings: Settings) -> None:
    first = Decision(
        gate="roc_auc_score",
        verdict=Verdict.FAILED,
        reasons=['0.69 is below the "0.70" asked for'],
        observed={"roc_auc_score": 0.69},
        thresholds={"roc_auc_score": 0.7},
    )
    second = first.model_copy(update={"verdict": Verdict.PASSED, "observed": {"roc_auc_score": 0.71}})
    with warehouse.transaction(warehouse_settings) as conn:
        for decision in (first, first, second):
            warehouse.record_decisions(conn, "churn", 1, date(2017, 5, 1), [decision])
        warehouse.record_decisions(conn, "churn", 1, date(2017, 5, 1), [])

        found = conn.execute(
            text("SELECT verdict, reasons, observed FROM perennial.decision ORDER BY decision_id")
        ).all()
        assert [tuple(row) for row in found] == [
            ("failed", ['0.69 is below the "0.70" asked for'], {"roc_auc_score": 0.69}),
            ("passed", ['0.69 is below the "0.70" asked for'], {"roc_auc_score": 0.71}),
        ]


def test_the_model_lock_keeps_a_second_decider_out(warehouse_settings: Settings) -> None:
    attempt = text("SELECT pg_try_advisory_xact_lock(hashtextextended('model:churn', 0))")
    with warehouse.transaction(warehouse_settings) as holder:
        warehouse.model_lock(holder, "churn")
        with warehouse.transaction(warehouse_settings) as other:
            assert other.execute(attempt).scalar_one() is False
    with warehouse.transaction(warehouse_settings) as other:
        assert other.execute(attempt).scalar_one() is True
