"""How rows become daily partitions: one UTC day each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ONE_DAY = timedelta(days=1)


def days_between(first: date, last_exclusive: date) -> list[date]:
    """List the days from `first` up to, not including, `last_exclusive`."""
    return [first + ONE_DAY * number for number in range((last_exclusive - first).days)]


def split_by_day(table: pa.Table, event_time: str) -> dict[date, pa.Table]:
    """Cut a table into its UTC days.

    Parameters
    ----------
    table
        Any rows; their order within a day is kept.
    event_time
        A `date32` or `timestamp[us, UTC]` column without missing values.

    Returns
    -------
    dict
        Table by day, days ascending; days without rows are not in it.
    """
    days = pc.cast(table[event_time], pa.date32()).combine_chunks()
    order = pc.array_sort_indices(days)  # stable: rows keep their order within a day
    sorted_days = days.take(order).to_numpy(zero_copy_only=False)
    found, starts, counts = np.unique(sorted_days, return_index=True, return_counts=True)
    by_day = table.take(order)
    return {
        day: by_day.slice(start, count)
        for day, start, count in zip(found.tolist(), starts.tolist(), counts.tolist(), strict=True)
    }


def plan_chunks(
    first: date,
    last_exclusive: date,
    *,
    count_rows: Callable[[date, date], int],
    most_days: int,
    most_rows: int,
) -> Iterator[tuple[date, date]]:
    """Cut a range of days into chunks of bounded size.

    Parameters
    ----------
    first, last_exclusive
        The range.
    count_rows
        Says how many rows there are from a first day up to an exclusive last day.
    most_days, most_rows
        The bounds; one day is never cut, however many rows it has.

    Yields
    ------
    tuple of date
        First and exclusive last day of each chunk, ascending and without gaps.
    """
    while first < last_exclusive:
        end = min(first + ONE_DAY * most_days, last_exclusive)
        while (end - first).days > 1 and count_rows(first, end) > most_rows:
            end = first + (end - first) // 2
        yield first, end
        first = end
