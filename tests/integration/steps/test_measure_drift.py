"""The weekly check over real partitions, publications and a logged reference profile."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from include.adapters import warehouse
from include.contracts import ChampionRef, DriftResult
from include.errors import NoChampionError, NotReadyError
from include.settings import Settings
from include.steps import measure_drift, predict_partition
from tests.support.churn import Churn

pytestmark = pytest.mark.integration

FIRST = date(2017, 5, 1)


@pytest.fixture
def churn(settings: Settings) -> Churn:
    return Churn(settings)


def serve(
    churn: Churn, champion: ChampionRef, *, nights: int = 7, rows: int = 150, portugal: float = 0.5
) -> None:
    for offset in range(nights):
        ds = FIRST + timedelta(days=offset)
        churn.write_partition(ds, rows, portugal=portugal)
        predict_partition.run(churn.settings, churn.specs, churn.model, ds, champion, f"night {ds}")


def measure(churn: Churn) -> DriftResult:
    return measure_drift.run(churn.settings, churn.specs, churn.model, FIRST)


def report(churn: Churn, result: DriftResult) -> str:
    return (churn.settings.reports_root / result.report).read_text()


def test_a_changed_week_is_found_recorded_and_reported(churn: Churn) -> None:
    champion = churn.promote(churn.register())
    serve(churn, champion, portugal=0.2)

    result = measure(churn)

    assert (result.drifted, result.rows, result.champion_version) == (True, 1050, champion.version)
    assert [feature.feature for feature in result.features if feature.drifted] == ["country"]
    with warehouse.transaction(churn.settings) as conn:
        recorded = conn.execute(
            text("SELECT feature FROM perennial.drift_feature JOIN perennial.drift_week USING (model, first)"
                 " WHERE drift_feature.drifted AND drift_week.drifted")
        ).scalars()  # fmt: skip
        assert list(recorded) == ["country"]
    page = report(churn, result)
    assert "The data changed: 1 of 3 features drifted." in page
    assert re.search(r"share of PRT fell from 5\d % to \d\d %", page)
    assert f"{churn.model}__snapshot" in page


def test_an_unchanged_week_is_no_drift(churn: Churn) -> None:
    serve(churn, churn.promote(churn.register()))

    result = measure(churn)

    assert not result.drifted
    assert "No drift." in report(churn, result)


def test_measuring_again_changes_no_byte(churn: Churn) -> None:
    serve(churn, churn.promote(churn.register()), portugal=0.2)

    first, page = measure(churn), report(churn, measure(churn))

    assert measure(churn) == first
    assert report(churn, first) == page


def test_a_week_without_rows_is_said_to_be_unmeasured(churn: Churn) -> None:
    serve(churn, churn.promote(churn.register()), rows=0)

    result = measure(churn)

    assert (result.drifted, result.features, result.rows) == (False, [], 0)
    assert "Not measured" in report(churn, result)


def test_missing_nights_are_named_with_their_dag(churn: Churn) -> None:
    serve(churn, churn.promote(churn.register()), nights=5)

    with pytest.raises(NotReadyError, match=f"2017-05-06, 2017-05-07.*{churn.model}__predict"):
        measure(churn)


def test_the_version_of_the_last_night_is_the_reference(churn: Churn) -> None:
    first, second = churn.promote(churn.register(0)), churn.promote(churn.register(1))
    serve(churn, first)
    predict_partition.run(
        churn.settings, churn.specs, churn.model, FIRST + timedelta(days=6), second, "again"
    )

    assert measure(churn).champion_version == second.version


def test_a_version_that_was_never_promoted_is_no_reference(churn: Churn) -> None:
    serve(churn, churn.register())

    with pytest.raises(NoChampionError, match="without a promotion on record"):
        measure(churn)
