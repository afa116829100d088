"""The leakage checks on the real bookings: what its authors call known later is found, the rest is not."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from include.core.leakage.altered_later import Alterations
from include.core.leakage.check import LeakageReport, check_leakage
from include.core.leakage.finding import Known, Waiting
from include.core.leakage.twins import count_twins, duplicates_across_split
from include.core.prepare import prepare
from include.core.split import split_by_maturity
from include.demo.hotel_data import load_hotel_data
from include.specs import load_specs
from include.specs.leakage import Leakage
from include.specs.model import Features

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
KNOWN_LATER = ["reservation_status", "reservation_status_date", "assigned_room_type"]
KNOWN_LATER_NUMBERS = ["booking_changes", "days_in_waiting_list", "required_car_parking_spaces"]


@pytest.fixture(scope="module")
def bookings() -> pd.DataFrame:
    """All columns of the file, with event day and label."""
    beside = ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"
    path = Path(os.environ.get("PERENNIAL_TEST_DATA", beside))
    if not path.exists():
        pytest.skip("the real data is not here; set PERENNIAL_TEST_DATA to its zip")
    tables = load_hotel_data(path)
    with ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".csv") and not n.startswith("__"))
        with archive.open(name) as file:
            later = pd.read_csv(file, usecols=[*KNOWN_LATER, *KNOWN_LATER_NUMBERS])
    event_day = tables.bookings["booked_at"].dt.tz_localize(None).dt.normalize()
    return tables.bookings.assign(
        **later,
        event_day=event_day,
        label=tables.outcomes["is_canceled"],
        due=pd.to_datetime(tables.bookings["arrival_date"]),
    )


def rows_of(bookings: pd.DataFrame, as_of: date, features: Features) -> tuple[Known, Waiting]:
    spec = load_specs(ROOT / "include").model("booking_cancellation")
    training, grace = spec.training, spec.label.grace
    first, end = pd.Timestamp(as_of - timedelta(training.window)), pd.Timestamp(as_of)
    window = bookings[(bookings["event_day"] >= first) & (bookings["event_day"] < end)]
    mature = window["due"] < end - timedelta(grace)
    used, rest = window[mature].reset_index(drop=True), window[~mature].reset_index(drop=True)
    matured = days(used["due"])
    known = Known(
        features=prepare(used, features),
        labels=used["label"].to_numpy(dtype=np.int64),
        matured=matured,
        event_day=days(used["event_day"]),
        keys=used[["booking_id"]],
        entities=used[[]],
        split=split_by_maturity(matured, as_of, grace, training.validation, training.holdout),
    )
    return known, Waiting(prepare(rest, features), days(rest["event_day"]))


def days(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[D]")


def check(known: Known, waiting: Waiting) -> LeakageReport:
    return check_leakage(known, waiting, Alterations(len(known.labels), 0, {}), Leakage())


@pytest.mark.parametrize("as_of", [date(2016, 8, 1), date(2017, 1, 1), date(2017, 5, 1), date(2017, 8, 1)])
def test_the_shipped_features_are_not_suspected(bookings: pd.DataFrame, as_of: date) -> None:
    shipped = load_specs(ROOT / "include").model("booking_cancellation").features
    report = check(*rows_of(bookings, as_of, shipped))
    assert [item.title for item in report.findings] == []
    assert max(score.auc for score in report.scores) < 0.8


def test_what_is_known_later_is_found(bookings: pd.DataFrame) -> None:
    """As the source stood then: no change, no parking space and no status before the arrival."""
    features = Features(numeric=KNOWN_LATER_NUMBERS, categorical=KNOWN_LATER)
    known, waiting = rows_of(bookings, date(2017, 5, 1), features)
    then = waiting.features.assign(reservation_status="Booked", **dict.fromkeys(KNOWN_LATER_NUMBERS, 0.0))
    found = {item.title for item in check(known, Waiting(then, waiting.event_day)).findings}
    assert found == {
        "predicts_label of reservation_status",
        "predicts_label of required_car_parking_spaces",
        "known_after_event of reservation_status",
        "known_after_event of booking_changes",
        "known_after_event of days_in_waiting_list",
        "known_after_event of required_car_parking_spaces",
        "dated_after_event of reservation_status_date",
    }


def test_countries_that_never_cancel_are_found(bookings: pd.DataFrame) -> None:
    """Until the spring of 2016 no guest of some countries ever cancelled: the mark of a later entry."""
    shipped = load_specs(ROOT / "include").model("booking_cancellation").features
    report = check(*rows_of(bookings, date(2016, 1, 1), shipped))
    assert [item.title for item in report.findings] == ["predicts_label of country"]


def test_equal_bookings_stay_within_their_part(bookings: pd.DataFrame) -> None:
    """Group bookings are equal rows, but they arrive together and so mature together."""
    shipped = load_specs(ROOT / "include").model("booking_cancellation").features
    known, _ = rows_of(bookings, date(2017, 3, 1), shipped)
    counted = {(pair.earlier, pair.later): pair for pair in count_twins(known)}
    assert counted["train", "holdout"].twins > 0
    assert duplicates_across_split(list(counted.values()), Leakage()) == []
    (found,) = duplicates_across_split(list(counted.values()), Leakage(duplicate_share=0.01))
    assert "holdout rows (2.0%) have a twin in train" in found.evidence
