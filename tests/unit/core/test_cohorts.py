from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.cohorts import DAY, LABELLED, MATURE, count_cohorts


def events(days: list[str], mature: list[bool], labelled: list[bool]) -> pd.DataFrame:
    return pd.DataFrame({DAY: pd.to_datetime(days), MATURE: mature, LABELLED: labelled})


def test_a_short_span_is_counted_by_week() -> None:
    found = count_cohorts(
        events(["2017-03-06", "2017-03-12", "2017-03-20"], [True, True, False], [True, False, False])
    )
    assert [(c.name, c.rows, c.mature, c.labelled, c.waiting) for c in found.spans] == [
        ("week of 2017-03-06", 2, 2, 1, 0),
        ("week of 2017-03-13", 0, 0, 0, 0),
        ("week of 2017-03-20", 1, 0, 0, 1),
    ]
    assert (found.first, found.last) == (date(2017, 3, 6), date(2017, 3, 20))
    assert found.total.without_label == 1


def test_a_long_span_is_counted_by_month() -> None:
    found = count_cohorts(events(["2016-12-31", "2017-08-01"], [True, False], [True, True]))
    assert [c.name for c in found.spans][::8] == ["2016-12", "2017-08"]
    assert len(found.spans) == 9


def test_a_label_that_came_early_does_not_make_a_row_mature() -> None:
    found = count_cohorts(events(["2017-08-01"], [False], [True]))
    assert (found.total.labelled, found.total.waiting) == (0, 1)


def test_no_events_have_no_spans() -> None:
    found = count_cohorts(events([], [], []))
    assert (found.spans, found.total.rows, found.to_json()["first"]) == ([], 0, None)


@given(
    st.lists(
        st.tuples(st.integers(0, 800), st.booleans(), st.booleans()),
        min_size=1,
        max_size=60,
    )
)
def test_the_spans_add_up_to_all_events(rows: list[tuple[int, bool, bool]]) -> None:
    ago, mature, labelled = (list(side) for side in zip(*rows, strict=True))
    days = np.datetime64("2017-01-01") + np.array(ago)
    frame = pd.DataFrame({DAY: days.astype("datetime64[us]"), MATURE: mature, LABELLED: labelled})
    found = count_cohorts(frame)
    assert found.total.rows == sum(cohort.rows for cohort in found.spans) == len(rows)
    assert found.total.mature == sum(mature)
    assert all(c.rows == c.waiting + c.without_label + c.labelled for c in found.spans)


def test_the_report_holds_every_count() -> None:
    document = count_cohorts(events(["2017-03-06"], [True], [False])).to_json()
    assert document["total"] == {
        "name": "all", "rows": 1, "mature": 1, "labelled": 0, "waiting": 0, "mature_without_label": 1,
    }  # fmt: skip
    assert document["first"] == "2017-03-06"


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_the_unit_of_the_days_does_not_matter(unit: str) -> None:
    frame = events(["2017-03-06", "2017-03-08"], [True, True], [True, True])
    assert count_cohorts(frame.astype({DAY: f"datetime64[{unit}]"})) == count_cohorts(frame)
