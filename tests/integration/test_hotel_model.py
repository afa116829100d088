"""The shipped model on the real bookings."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from include.core.metrics import measure
from include.core.pipeline import score
from include.core.split import split_by_maturity
from include.core.training import fit_model
from include.demo.hotel_data import load_hotel_data
from include.specs import load_specs
from tests.support.joined_frames import build_training_set

pytestmark = pytest.mark.integration

AS_OF = date(2017, 5, 1)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    beside = ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"
    path = Path(os.environ.get("PERENNIAL_TEST_DATA", beside))
    if not path.exists():
        pytest.skip("the real data is not here; set PERENNIAL_TEST_DATA to its zip")
    loaded = load_hotel_data(path)
    return loaded.bookings, loaded.outcomes


def test_the_shipped_model_reaches_its_quality_on_the_holdout(
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    spec = load_specs(ROOT / "include").model("booking_cancellation")
    bookings, outcomes = tables
    first, end = (pd.Timestamp(day, tz="UTC") for day in (AS_OF - timedelta(spec.training.window), AS_OF))
    known = bookings[bookings["booked_at"].between(first, end, inclusive="left")]
    judged = outcomes[pd.to_datetime(outcomes["outcome_date"], utc=True) < end]
    data = build_training_set(known, judged, ["booking_id"], spec, AS_OF)
    fitted = fit_model(spec, data, AS_OF)
    training = spec.training
    parts = split_by_maturity(data.matured, AS_OF, spec.label.grace, training.validation, training.holdout)
    scores = score(fitted.pipeline, data.rows[parts.holdout], spec.features)
    assert measure(spec.task, data.labels[parts.holdout], scores)["roc_auc_score"] >= 0.80
