from __future__ import annotations

import math
from datetime import date

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from include.adapters.row_order import is_ordered, order_rows, plain_zeros, repeats_a_key

FIRST = date(2017, 3, 1)


@given(
    rows=st.lists(st.tuples(st.integers(0, 5) | st.none(), st.text("ab", max_size=2) | st.none())),
    data=st.data(),
)
def test_equal_rows_in_any_order_become_equal_tables(
    rows: list[tuple[int | None, str | None]], data: st.DataObject
) -> None:
    schema = pa.schema([("stay_id", pa.int64()), ("guest", pa.string())])
    shuffled = data.draw(st.permutations(rows))
    tables = [
        pa.table([[r[0] for r in some], [r[1] for r in some]], schema=schema) for some in (rows, shuffled)
    ]
    first, second = (order_rows(table, ["stay_id"]) for table in tables)
    assert first.equals(second)
    assert sorted(map(repr, first.to_pylist())) == sorted(map(repr, tables[0].to_pylist()))


def test_all_column_types_can_break_a_tie_of_the_key() -> None:
    table = pa.table(
        {
            "stay_id": pa.array([1, 1], pa.int64()),
            "paid": pa.array([True, False]),
            "arrives": pa.array([FIRST, None], pa.date32()),
            "price": pa.array([1.5, None]),
            "made_at": pa.array([0, 1], pa.timestamp("us", tz="UTC")),
        }
    )
    assert order_rows(table, ["stay_id"]).equals(order_rows(table.take([1, 0]), ["stay_id"]))


VALUES = st.sampled_from([None, math.nan, -math.inf, -1.0, -0.0, 0.0, 2.5, math.inf])
PAIRS = st.lists(st.tuples(st.sampled_from([None, "", "B", "a", "é", "\U0001f600"]), VALUES), max_size=8)


def pairs_table(rows: list[tuple[str | None, float | None]]) -> pa.Table:
    schema = pa.schema([("guest", pa.string()), ("price", pa.float64())])
    return pa.table([[row[0] for row in rows], [row[1] for row in rows]], schema=schema)


@given(rows=PAIRS)
def test_rows_are_in_order_exactly_when_ordering_leaves_them(
    rows: list[tuple[str | None, float | None]],
) -> None:
    table = plain_zeros(pairs_table(rows))
    left = repr(order_rows(table, ["price"]).to_pylist()) == repr(table.to_pylist())
    assert is_ordered(table, ["price"]) == left
    assert is_ordered(order_rows(table, ["price"]), ["price"])


@given(rows=PAIRS)
def test_a_key_that_stands_twice_is_seen(rows: list[tuple[str | None, float | None]]) -> None:
    table = order_rows(pairs_table(rows), ["price"])
    assert repeats_a_key(table, ["price"]) == (len({repr(price) for price in table["price"]}) < len(rows))


def test_rows_that_differ_in_the_sign_of_zero_alone_are_equal() -> None:
    one, other = ([("Ada", zero), ("Ada", -zero)] for zero in (0.0, -0.0))
    assert repr(order_rows(pairs_table(one), ["guest"]).to_pylist()) == repr(
        order_rows(pairs_table(other), ["guest"]).to_pylist()
    )
