"""How rows become daily partitions: one order of rows, one UTC day each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ONE_DAY = timedelta(days=1)

Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


def days_between(first: date, last_exclusive: date) -> list[date]:
    """List the days from `first` up to, not including, `last_exclusive`."""
    return [first + ONE_DAY * number for number in range((last_exclusive - first).days)]


def sort_columns(names: Sequence[str], key: Sequence[str]) -> list[str]:
    """List the columns in the order they are compared in: the key's, then all others as they come."""
    return [*key, *(name for name in names if name not in set(key))]


def order_rows(table: pa.Table, key: Sequence[str]) -> pa.Table:
    """Sort by key, then by all other columns, so that equal rows always give equal bytes.

    The order is Arrow's (text by its bytes, missing values last, before them NaN), because databases
    collate each in their own way; the columns after the key decide only where a key stands twice. A
    negative zero becomes zero: it is the same number to every engine that compares, but not the same
    bytes.
    """
    columns = [(name, "ascending") for name in sort_columns(table.column_names, key)]
    return plain_zeros(table).sort_by(columns).combine_chunks()


def plain_zeros(rows: Rows) -> Rows:
    """Turn the negative zeros of all floating-point columns into zeros."""
    for position, field in enumerate(rows.schema):
        if pa.types.is_floating(field.type):
            rows = rows.set_column(position, field, pc.add(rows.column(position), 0.0))
    return rows


def is_ordered(table: pa.Table, key: Sequence[str]) -> bool:
    """Say whether the rows stand in the order that `order_rows` would give them."""
    left, right = table.slice(0, max(table.num_rows - 1, 0)), table.slice(1)
    for name in sort_columns(table.column_names, key):
        after, tied = _compare(left[name], right[name])
        if pc.any(after).as_py():
            return False
        if not pc.any(tied).as_py():
            return True
        left, right = left.filter(tied), right.filter(tied)
    return True


def repeats_a_key(table: pa.Table, key: Sequence[str]) -> bool:
    """Say whether two rows share their key, in a table whose rows are in order."""
    left, right = table.slice(0, max(table.num_rows - 1, 0)), table.slice(1)
    for name in key:
        _, tied = _compare(left[name], right[name])
        left, right = left.filter(tied), right.filter(tied)
    return bool(left.num_rows)


def _compare(left: pa.ChunkedArray, right: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Say for each pair of values whether the left one sorts after the right one, and whether they tie."""
    low, high = _kind_of_value(left), _kind_of_value(right)
    after = pc.or_(pc.greater(low, high), pc.fill_null(pc.greater(left, right), fill_value=False))
    before = pc.or_(pc.less(low, high), pc.fill_null(pc.less(left, right), fill_value=False))
    return after, pc.invert(pc.or_(after, before))


def _kind_of_value(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return 0 for a value, 1 for NaN, 2 for a missing value."""
    missing = pc.multiply(pc.cast(pc.is_null(column), pa.int8()), pa.scalar(2, pa.int8()))
    if not pa.types.is_floating(column.type):
        return missing
    return pc.add(missing, pc.cast(pc.fill_null(pc.is_nan(column), fill_value=False), pa.int8()))


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
