from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from include.core.profile import build_profile, count_in
from include.core.psi import psi_test
from include.demo.schema import BOOKING_OUTCOMES, BOOKINGS, HotelTables
from include.demo.simulator import DRIFT_DAY, simulate
from include.specs import DatasetSpec, ModelSpec, Severity, load_specs

SPECS = load_specs(Path(__file__).parents[3] / "include")
MODEL: ModelSpec = SPECS.model("booking_cancellation")
WEEK, REFERENCE = timedelta(days=7), timedelta(days=56)


@cache
def hotels() -> HotelTables:
    return simulate(date(2016, 9, 1), date(2017, 5, 31))


def clean_rows() -> pd.DataFrame:
    rows = hotels().bookings
    return rows[~breaks_a_quarantine_rule(rows)]


def breaks_a_quarantine_rule(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    broken = (
        ~rows["adr"].between(0, 5000)
        | rows["lead_time"].isna()
        | ~rows["hotel"].isin(["City Hotel", "Resort Hotel"])
        | ~rows["reserved_room_type"].str.fullmatch("[A-Z]")
        | rows["children"].gt(15).fillna(False)
    )
    return broken.to_numpy(dtype=bool)


def between(rows: pd.DataFrame, first: date, last_exclusive: date) -> pd.DataFrame:
    days = rows["booked_at"].dt.date
    return rows[(days >= first) & (days < last_exclusive)]


def stability_indices(week: date) -> dict[str, float]:
    rows = clean_rows()
    reference = build_profile(between(rows, week - REFERENCE, week), MODEL.features)
    current = count_in(reference, between(rows, week, week + WEEK))
    return {
        name: psi_test(bins.counts, current.features[name].counts, 0.05).value
        for name, bins in reference.features.items()
    }


def test_same_seed_gives_the_same_rows() -> None:
    first, second = (simulate(date(2017, 1, 1), date(2017, 1, 7), seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.bookings, second.bookings)
    pd.testing.assert_frame_equal(first.outcomes, second.outcomes)


def test_another_seed_gives_other_rows() -> None:
    first, second = (simulate(date(2017, 1, 1), date(2017, 1, 7), seed=seed) for seed in (3, 4))
    assert not first.bookings["adr"].head(50).equals(second.bookings["adr"].head(50))


@pytest.mark.parametrize(
    ("dataset", "columns"),
    [("bookings", BOOKINGS.columns.keys()), ("booking_outcomes", BOOKING_OUTCOMES.columns.keys())],
)
def test_columns_are_those_of_the_dataset(dataset: str, columns: list[str]) -> None:
    spec: DatasetSpec = SPECS.dataset(dataset)
    assert set(columns) == set(spec.columns)


def test_numbers_follow_the_moment_of_booking() -> None:
    rows = hotels().bookings
    assert rows["booking_id"].tolist() == list(range(1, len(rows) + 1))
    assert rows["booked_at"].is_monotonic_increasing


def test_a_day_has_about_the_rows_asked_for() -> None:
    rows = simulate(date(2016, 1, 1), date(2016, 12, 31), rows_per_day=20).bookings
    assert len(rows) == pytest.approx(20 * 366, rel=0.05)


def test_a_range_after_the_drift_day_has_rows_of_every_day() -> None:
    rows = simulate(DRIFT_DAY + WEEK, DRIFT_DAY + 2 * WEEK, rows_per_day=50).bookings
    assert rows["booked_at"].dt.date.nunique() == 8


def test_outcomes_fall_between_booking_and_check_out() -> None:
    frame = hotels().bookings.merge(hotels().outcomes, on="booking_id", validate="1:1")
    nights = frame["stays_in_week_nights"] + frame["stays_in_weekend_nights"]
    arrival, outcome = pd.to_datetime(frame["arrival_date"]), pd.to_datetime(frame["outcome_date"])
    booked = frame["booked_at"].dt.tz_localize(None).dt.normalize()
    canceled = frame["is_canceled"].eq(1).to_numpy(dtype=bool)
    assert ((outcome >= booked) & (outcome <= arrival))[canceled].all()
    assert (outcome == arrival + pd.to_timedelta(nights, unit="D"))[~canceled].all()


def test_about_one_row_in_a_hundred_breaks_a_quarantine_rule() -> None:
    assert breaks_a_quarantine_rule(hotels().bookings).mean() == pytest.approx(0.01, abs=0.003)


def test_no_row_breaks_a_blocking_rule() -> None:
    contract = SPECS.dataset("bookings").contract
    blocking = {rule.column for rule in contract if rule.severity is Severity.BLOCK}
    rows = hotels().bookings
    assert blocking == {"booking_id", "arrival_date"}
    assert rows["booking_id"].is_unique
    assert rows[sorted(blocking)].notna().all(axis=None)


@pytest.mark.parametrize("column", ["children", "country", "agent", "company"])
def test_values_are_missing_where_they_are_missing_in_the_real_data(column: str) -> None:
    assert 0 < hotels().bookings[column].isna().mean() < 1


def test_unchanged_weeks_stay_far_from_drift() -> None:
    weeks = [DRIFT_DAY - number * WEEK for number in range(1, 9)]
    assert max(max(stability_indices(week).values()) for week in weeks) < 0.1


def test_the_week_of_the_drift_shows_it_in_several_features() -> None:
    indices = stability_indices(DRIFT_DAY)
    drifted = {name for name, value in indices.items() if value >= 0.1}
    assert {"country", "lead_time", "market_segment", "deposit_type"} <= drifted


def test_boosted_trees_rank_later_bookings_well_until_the_drift() -> None:
    rows = clean_rows().merge(hotels().outcomes, on="booking_id", validate="1:1")
    cut = DRIFT_DAY - REFERENCE
    model = boosted_trees().fit(*split(between(rows, date.min, cut)))
    before, after = (
        roc_auc_score(truth, model.predict_proba(features)[:, 1])
        for features, truth in (
            split(between(rows, cut, DRIFT_DAY)),
            split(between(rows, DRIFT_DAY, date.max)),
        )
    )
    assert before >= 0.80
    assert after < before - 0.05


def split(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    numeric = rows[MODEL.features.numeric].astype("float64")
    categorical = rows[MODEL.features.categorical].fillna("missing")
    return pd.concat([numeric, categorical], axis=1), rows["is_canceled"].astype("int64")


def boosted_trees() -> HistGradientBoostingClassifier:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (encoder, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=40, random_state=0))
