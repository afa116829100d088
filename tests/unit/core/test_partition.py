from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from include.core.partition import days_between, plan_chunks, split_by_day

FIRST = date(2017, 3, 1)
MOMENTS = st.datetimes(datetime(2017, 2, 27), datetime(2017, 3, 5), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments=st.lists(MOMENTS))
def test_every_row_lands_in_its_own_utc_day(moments: list[datetime]) -> None:
    table = pa.table({"at": pa.array(moments, pa.timestamp("us", tz="UTC")), "n": range(len(moments))})
    days = split_by_day(table, "at")
    assert list(days) == sorted(days)
    for day, part in days.items():
        expected = [(at, n) for n, at in enumerate(moments) if at.date() == day]
        assert list(zip(part["at"].to_pylist(), part["n"].to_pylist(), strict=True)) == expected
    assert sum(part.num_rows for part in days.values()) == len(moments)


def test_dates_are_split_like_timestamps() -> None:
    table = pa.table({"on": pa.array([FIRST, date(2017, 3, 2), FIRST], pa.date32())})
    assert {day: part.num_rows for day, part in split_by_day(table, "on").items()} == {
        FIRST: 2,
        date(2017, 3, 2): 1,
    }


@given(
    counts=st.lists(st.integers(0, 100), max_size=200),
    most_days=st.integers(1, 60),
    most_rows=st.integers(1, 500),
)
def test_chunks_cover_the_range_once_within_bounds(counts: list[int], most_days: int, most_rows: int) -> None:
    def count(low: date, high: date) -> int:
        return sum(counts[(low - FIRST).days : (high - FIRST).days])

    end = FIRST + timedelta(days=len(counts))
    chunks = list(plan_chunks(FIRST, end, count_rows=count, most_days=most_days, most_rows=most_rows))
    covered = [day for low, high in chunks for day in days_between(low, high)]
    assert covered == days_between(FIRST, end)
    for low, high in chunks:
        assert (high - low).days <= most_days
        assert count(low, high) <= most_rows or (high - low).days == 1


def test_no_days_lie_between_a_day_and_itself() -> None:
    assert days_between(FIRST, FIRST) == []
