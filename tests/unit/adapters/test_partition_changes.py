from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.adapters import partition_changes
from include.adapters.partition_changes import compare_files
from include.adapters.row_order import order_rows
from include.contracts import RowChanges

SCHEMA = pa.schema(
    [("guest", pa.string()), ("id", pa.int64()), ("price", pa.float64()), ("arrives", pa.date32())]
)
Row = tuple[Any, ...]


def compare(folder: Path, old: pa.Table, new: pa.Table, key: tuple[str, ...] = ("id",)) -> RowChanges:
    for name, table in (("old", old), ("new", new)):
        columns = [column for column in key if column in table.column_names]
        pq.write_table(order_rows(table, columns), folder / f"{name}.parquet")
    return compare_files(folder / "old.parquet", folder / "new.parquet", key, folder / "work")


def rows(*listed: Row) -> pa.Table:
    values = [[row[n] for row in listed] for n in range(len(SCHEMA))]
    return pa.table([pa.array(v, f.type) for v, f in zip(values, SCHEMA, strict=True)], schema=SCHEMA)


def expected(old: Iterable[Row], new: Iterable[Row]) -> RowChanges:
    """The definition, word for word, by hand: key is the id, second in a row."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    counts, columns = Counter[str](), Counter[str]()
    for key in {row[1] for row in (*gone, *come)}:
        lost = sorted((row for row in gone.elements() if row[1] == key), key=in_order)
        found = sorted((row for row in come.elements() if row[1] == key), key=in_order)
        for before, after in zip_longest(lost, found):
            if before is None or after is None:
                counts["added" if before is None else "removed"] += 1
                continue
            counts["altered"] += 1
            columns.update(n for n, b, a in zip(SCHEMA.names, before, after, strict=True) if b != a)
    return RowChanges(
        added=counts["added"], removed=counts["removed"], altered=counts["altered"],
        altered_columns=dict(columns),
    )  # fmt: skip


def in_order(row: Row) -> list[tuple[bool, Any]]:
    return [(value is None, value) for value in row]


def some_rows(ids: st.SearchStrategy[int | None]) -> st.SearchStrategy[Row]:
    return st.tuples(
        st.sampled_from(["Ada", "Bo", None]),
        ids,
        st.sampled_from([1.0, 2.5, None]),
        st.sampled_from([date(2017, 3, 1), None]),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), repeated=st.booleans())
def test_changes_are_counted_by_key_however_often_a_key_stands(
    tmp_path: Path, data: st.DataObject, repeated: bool
) -> None:
    row = some_rows(st.integers(0, 3 if repeated else 20) | st.none())
    side = st.lists(row, max_size=12, unique_by=None if repeated else lambda r: r[1])
    old, new = data.draw(side), data.draw(side)
    assert compare(tmp_path, rows(*old), rows(*new)) == expected(old, new)
    assert [p.name for p in (tmp_path / "work").iterdir()] == []


def test_a_day_delivered_twice_is_as_many_rows_added(tmp_path: Path) -> None:
    day = [("Ada", n, 1.0, None) for n in range(5)]
    assert str(compare(tmp_path, rows(*day), rows(*day, *day))) == "5 added, 0 removed, 0 altered"


def test_two_columns_may_make_the_key(tmp_path: Path) -> None:
    old = rows(("Ada", 1, 1.0, None), ("Bo", 1, 2.0, None))
    new = rows(("Ada", 1, 1.5, None), ("Cy", 1, 2.0, None))
    found = compare(tmp_path, old, new, ("guest", "id"))
    assert found == RowChanges(added=1, removed=1, altered=1, altered_columns={"price": 1})
    assert str(found) == "1 added, 1 removed, 1 altered (price 1)"


def test_not_a_number_is_the_same_as_itself(tmp_path: Path) -> None:
    table = rows(("Ada", 1, float("nan"), None))
    assert compare(tmp_path, table, table) == RowChanges(added=0, removed=0, altered=0)


def test_a_column_that_one_side_lacks_or_types_otherwise_alters_no_row(tmp_path: Path) -> None:
    old = pa.table({"id": [1, 2], "gone": ["a", "b"], "price": [1, 2], "paid": [True, False]})
    new = pa.table({"id": [1, 2], "price": [1.5, 2.5], "paid": [True, True], "come": ["x", None]})
    found = compare(tmp_path, old, new)
    assert found == RowChanges(added=0, removed=0, altered=1, altered_columns={"paid": 1})


def test_without_the_key_in_both_no_row_is_the_same(tmp_path: Path) -> None:
    found = compare(tmp_path, pa.table({"id": [1, 2]}), pa.table({"id": ["1"]}))
    assert found == RowChanges(added=1, removed=2, altered=0)


def test_names_with_quotes_and_spaces_are_columns_like_others(tmp_path: Path) -> None:
    name = 'the "price", in €'
    found = compare(tmp_path, pa.table({"id": [1], name: [1]}), pa.table({"id": [1], name: [2]}))
    assert found.altered_columns == {name: 1}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_key_is_found_twice_wherever_batches_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(partition_changes, "BATCH_ROWS", size)
    old = rows(*[("Ada", n, 1.0, None) for n in (1, 2, 3, 3, 4)])
    new = rows(*[("Ada", n, 1.0, None) for n in (1, 2, 3, 4)])
    assert compare(tmp_path, old, new) == RowChanges(added=0, removed=1, altered=0)
