from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.adapters import ordered_rows, range_sort
from include.adapters.ordered_rows import draft_in_order
from include.adapters.row_order import order_rows
from include.errors import SourceUnavailableError

SCHEMA = pa.schema(
    [
        ("price", pa.float64()),
        ("id", pa.int64()),
        ("Guest", pa.string()),
        ("paid", pa.bool_()),
        ("on", pa.date32()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("two words \"'", pa.string()),
    ]
)
KEY = ["Guest", "id"]

TEXTS = st.text(max_size=3) | st.sampled_from(["", "a", "B", "b", "é", "ü\U0001f600", "\uffff", "\x01"])
NUMBERS = st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan])
ROWS = st.lists(
    st.tuples(
        st.none() | NUMBERS,
        st.none() | st.integers(-2, 2) | st.sampled_from([2**53, 2**53 + 1, -(2**63), 2**63 - 1]),
        st.none() | TEXTS,
        st.none() | st.booleans(),
        st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
        st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),  # noqa: DTZ001
        st.none() | TEXTS,
    ),
    max_size=30,
)


def as_table(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    listed = list(rows)
    values = [[row[n] for row in listed] for n in range(len(SCHEMA))]
    return pa.table([pa.array(v, f.type) for v, f in zip(values, SCHEMA, strict=True)], schema=SCHEMA)


def in_batches(table: pa.Table, size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, table.num_rows, size):
        yield from table.slice(start, size).combine_chunks().to_batches()


def ordered(batches: Iterable[pa.RecordBatch], folder: Path, key: Sequence[str] = KEY) -> pa.Table:
    with draft_in_order(folder, batches, SCHEMA, key, folder) as draft:
        draft.finish()
        with pq.ParquetFile(draft.path) as file:
            return file.read()


def exactly(table: pa.Table) -> list[str]:
    """The values to the last bit: two NaN are alike, zero and negative zero are not."""
    return [repr(row) for row in table.to_pylist()]


@pytest.fixture(params=[-1, range_sort.RANGE_BYTES], ids=["DuckDB", "ranges"])
def through_files(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let no rows be few enough to be held in memory, and no range or every range be."""
    monkeypatch.setattr(ordered_rows, "HELD_BYTES", -1)
    monkeypatch.setattr(range_sort, "RANGE_BYTES", request.param)
    monkeypatch.setattr(range_sort, "_SAMPLED", 3)
    monkeypatch.setattr(range_sort, "BATCH_ROWS", 8)


@pytest.mark.usefixtures("through_files")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, size=st.integers(1, 7), data=st.data())
def test_files_and_memory_give_the_same_order_for_any_rows_and_batches(
    tmp_path: Path, rows: list[tuple[Any, ...]], size: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    key = data.draw(st.sampled_from([KEY, *([name] for name in SCHEMA.names)]))
    expected = order_rows(as_table(rows), key)
    found = ordered(in_batches(as_table(shuffled), size), tmp_path, key)
    assert found.schema == SCHEMA
    assert exactly(found) == exactly(expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("through_files")
def test_rows_in_order_are_not_sorted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = order_rows(as_table([(1.0, n, None, True, None, None, "x") for n in range(100)] * 2), KEY)

    def refuse(*_: Any) -> None:
        raise AssertionError("sorted although in order")

    for sort in ("sorted_rows", "sorted_batches"):
        monkeypatch.setattr(ordered_rows, sort, refuse)
    assert ordered(in_batches(table, 7), tmp_path).equals(table)
    with pytest.raises(AssertionError):
        ordered(in_batches(table.take(list(range(199, -1, -1))), 7), tmp_path)


def test_few_rows_need_no_temporary_file(tmp_path: Path) -> None:
    rows = in_batches(as_table([]), 1)
    with draft_in_order(tmp_path / "lake", rows, SCHEMA, KEY, tmp_path / "work") as draft:
        assert draft.finish().rows == 0
    assert not (tmp_path / "work").exists()


@pytest.mark.usefixtures("through_files")
def test_a_source_that_fails_midway_leaves_nothing_and_its_own_error(tmp_path: Path) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from in_batches(as_table([(1.0, 2, "a", True, None, datetime(2017, 1, 1, tzinfo=UTC), "")]), 1)
        raise SourceUnavailableError("the line is dead")

    with pytest.raises(SourceUnavailableError, match="the line is dead"):
        ordered(broken(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("through_files")
@pytest.mark.parametrize("reverse", [False, True], ids=["in order", "to be sorted"])
def test_a_writer_that_gives_up_leaves_nothing(tmp_path: Path, reverse: bool) -> None:
    numbers = sorted(range(100), reverse=reverse)
    table = as_table((1.0, n, None, True, None, None, "x") for n in numbers)

    class GaveUpError(Exception):
        pass

    def give_up() -> None:
        with draft_in_order(tmp_path, in_batches(table, 7), SCHEMA, KEY, tmp_path):
            assert list(tmp_path.iterdir()) != []
            raise GaveUpError

    with pytest.raises(GaveUpError):
        give_up()
    assert list(tmp_path.iterdir()) == []
