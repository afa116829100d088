"""The shipped model passes the slices and behavioural tests it is shipped with, on both hotels' bookings."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from include.contracts import Verdict
from include.core.gates.behaviour import decide_behaviour
from include.core.gates.probe import Probe
from include.core.gates.slices import ScoredRows, decide_slices
from include.core.split import split_by_maturity
from include.core.training import fit_model
from include.demo.hotel_data import load_hotel_data
from include.demo.schema import HotelTables
from include.demo.simulator import simulate
from include.specs import load_specs
from include.steps.scorer import Scorer
from tests.support.joined_frames import build_training_set

pytestmark = pytest.mark.integration

AS_OF = date(2017, 5, 1)
ROOT = Path(__file__).parents[2]


def real() -> HotelTables:
    beside = ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"
    path = Path(os.environ.get("PERENNIAL_TEST_DATA", beside))
    if not path.exists():
        pytest.skip("the real data is not here; set PERENNIAL_TEST_DATA to its zip")
    return load_hotel_data(path)


@pytest.mark.parametrize("tables", [pytest.param(real, id="real"), pytest.param(simulate, id="simulated")])
def test_the_shipped_gates_pass(tables) -> None:
    spec = load_specs(ROOT / "include").model("booking_cancellation")
    found = tables()
    first, end = (pd.Timestamp(day, tz="UTC") for day in (AS_OF - timedelta(spec.training.window), AS_OF))
    bookings = found.bookings.sort_values("booked_at", kind="stable")
    known = bookings[bookings["booked_at"].between(first, end, inclusive="left")]
    judged = found.outcomes[pd.to_datetime(found.outcomes["outcome_date"], utc=True) < end]
    data = build_training_set(known, judged, ["booking_id"], spec, AS_OF)
    fitted = fit_model(spec, data, AS_OF)
    info, training = fitted.info, spec.training
    parts = split_by_maturity(data.matured, AS_OF, spec.label.grace, training.validation, training.holdout)
    rows, labels = data.rows[parts.holdout], data.labels[parts.holdout]
    scorer = Scorer(1, fitted.pipeline, info)
    scores = scorer.score(rows)
    scored = ScoredRows(info.task, labels, scores, scorer.answers(scores), info.threshold)
    probe = Probe(1, info.task, info.features, info.classes, scorer.score, scorer.answers)
    decisions = [
        *decide_slices(spec.gates.slices, scored, rows),
        *decide_behaviour(spec.gates.behaviour, probe, rows),
    ]
    assert len(decisions) == 7
    assert not [one.reasons for one in decisions if one.verdict is not Verdict.PASSED]
