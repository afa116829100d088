"""Drift results and retrain requests on a real PostgreSQL."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import DriftResult, FeatureDrift, RetrainRequest
from include.settings import Settings

pytestmark = pytest.mark.integration


def result(values: dict[str, float]) -> DriftResult:
    features = [
        FeatureDrift(
            feature=name,
            statistic="psi",
            value=value,
            threshold=0.1,
            drifted=value > 0.1,
            explanation=f"{name} moved",
        )
        for name, value in values.items()
    ]
    return DriftResult(
        model="churn",
        first=date(2017, 5, 1),
        last=date(2017, 5, 7),
        champion_version=4,
        rows=1000,
        drifted=any(feature.drifted for feature in features),
        features=features,
        report="churn/drift/2017-05-01.html",
    )


def test_a_repeated_measurement_replaces_the_week(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.record_drift(conn, result({"age": 0.3, "country": 0.2}))
        warehouse.record_drift(conn, result({"age": 0.05}))
        warehouse.record_drift(conn, result({"age": 0.05}))

        weeks = conn.execute(text("SELECT drifted, rows FROM perennial.drift_week")).all()
        features = conn.execute(text("SELECT feature, value FROM perennial.drift_feature")).all()

    assert [tuple(row) for row in weeks] == [(False, 1000)]
    assert [tuple(row) for row in features] == [("age", 0.05)]


def test_a_week_without_features_is_recorded(warehouse_settings: Settings) -> None:
    with warehouse.transaction(warehouse_settings) as conn:
        warehouse.record_drift(conn, result({}))

        assert conn.execute(text("SELECT count(*) FROM perennial.drift_week")).scalar_one() == 1


def test_the_first_request_stays_on_record(warehouse_settings: Settings) -> None:
    first = RetrainRequest(model="churn", as_of=date(2017, 5, 8), source="drift", reason="country moved")
    again = first.model_copy(update={"reason": "age moved"})
    with warehouse.transaction(warehouse_settings) as conn:
        assert warehouse.request_retrain(conn, first) == first
        assert warehouse.request_retrain(conn, again) == first

        assert conn.execute(text("SELECT count(*) FROM perennial.retrain_request")).scalar_one() == 1
