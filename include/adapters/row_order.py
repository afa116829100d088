"""The one order in which the lake holds rows, so that equal rows always give equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


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
    by_key = _sort(plain_zeros(table).combine_chunks(), key)
    if is_ordered(by_key, key):  # as ever where each key stands once
        return by_key
    return _sort(by_key, sort_columns(table.column_names, key))


def _sort(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in columns]).combine_chunks()


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
