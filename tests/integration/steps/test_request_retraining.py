"""Retrain requests are recorded once."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import DriftResult, FeatureDrift
from include.settings import Settings
from include.steps import request_retraining

pytestmark = pytest.mark.integration


def drift(*moved: str) -> DriftResult:
    features = [
        FeatureDrift(
            feature=name,
            statistic="psi",
            value=0.3 if name in moved else 0.01,
            threshold=0.1,
            drifted=name in moved,
            explanation=f"{name}: share of x rose from 1.0 % to 20 %",
        )
        for name in ("a", "b", "c", "d", "e")
    ]
    return DriftResult(
        model="churn",
        first=date(2017, 5, 1),
        last=date(2017, 5, 7),
        champion_version=1,
        rows=1000,
        drifted=bool(moved),
        features=features,
        report="churn/drift/2017-05-01.html",
    )


def test_a_request_is_for_the_day_after_the_week_and_says_why(warehouse_settings: Settings) -> None:
    request = request_retraining.run(warehouse_settings, "churn", drift("a", "b", "c", "e"))

    assert (request.as_of, request.source) == (date(2017, 5, 8), "drift")
    assert request.reason == (
        "4 of 5 features drifted from 2017-05-01 to 2017-05-07: a: share of x rose from 1.0 % to 20 %;"
        " b: share of x rose from 1.0 % to 20 %; c: share of x rose from 1.0 % to 20 %; and 1 more"
    )


def test_asking_again_returns_the_first_request(warehouse_settings: Settings) -> None:
    first = request_retraining.run(warehouse_settings, "churn", drift("a"))
    again = request_retraining.run(warehouse_settings, "churn", drift("a", "b"))

    assert again == first
    with warehouse.transaction(warehouse_settings) as conn:
        assert conn.execute(text("SELECT count(*) FROM perennial.retrain_request")).scalar_one() == 1


def test_a_week_without_drift_is_no_reason(warehouse_settings: Settings) -> None:
    with pytest.raises(ValueError, match="did not drift"):
        request_retraining.run(warehouse_settings, "churn", drift())
