from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from include.core.quarantine import BrokenRows, quarantine_schema, split_rows
from include.specs import Severity
from include.specs.dataset import QUARANTINE_COLUMNS


@dataclass(frozen=True)
class Named:
    name: str
    severity: Severity
    columns: tuple[str, ...]


RULES = [
    Named("blocks", Severity.BLOCK, ("price",)),
    Named("first", Severity.QUARANTINE, ("price",)),
    Named("second", Severity.QUARANTINE, ("stay_id", "price")),
    Named("warns", Severity.WARN, ("stay_id",)),
]


def batch(count: int) -> pa.RecordBatch:
    prices = pa.array([n + 0.5 for n in range(count)], pa.float64())
    return pa.RecordBatch.from_pydict(
        {"stay_id": pa.array(range(100, 100 + count), pa.int64()), "price": prices}
    )


def broken(found: dict[int, list[int]]) -> BrokenRows:
    flags = np.zeros((len(found), len(RULES)), dtype=bool)
    for row, rules in enumerate(found.values()):
        flags[row, rules] = True
    return BrokenRows(np.array(list(found), dtype=np.int64), flags)


@st.composite
def findings(draw: st.DrawFn) -> tuple[int, dict[int, list[int]]]:
    count = draw(st.integers(0, 30))
    rules = st.lists(st.integers(0, len(RULES) - 1), min_size=1, unique=True).map(sorted)
    found = draw(st.dictionaries(st.integers(0, count - 1), rules)) if count else {}
    return count, dict(sorted(found.items()))


@given(verdict=findings())
def test_every_row_stays_or_goes_exactly_once(verdict: tuple[int, dict[int, list[int]]]) -> None:
    count, found = verdict
    clean, quarantine = split_rows(batch(count), broken(found), RULES)
    gone = [row for row, rules in found.items() if {1, 2} & set(rules)]
    assert clean.equals(batch(count).take(pa.array([n for n in range(count) if n not in gone], pa.int64())))
    assert quarantine.column("stay_id").to_pylist() == [100 + row for row in gone]
    assert quarantine.schema == quarantine_schema(clean.schema)


@given(verdict=findings())
def test_a_quarantined_row_lists_every_rule_it_broke_and_what_was_seen(
    verdict: tuple[int, dict[int, list[int]]],
) -> None:
    count, found = verdict
    _, quarantine = split_rows(batch(count), broken(found), RULES)
    for row in quarantine.to_pylist():
        rules, price, number = found[row["stay_id"] - 100], row["price"], row["stay_id"]
        seen = [f"price={price}", f"price={price}", f"stay_id={number}, price={price}", f"stay_id={number}"]
        assert row["quarantine_rule"] == [RULES[rule].name for rule in rules]
        assert row["quarantine_observed"] == [seen[rule] for rule in rules]


def test_quarantine_has_the_datasets_columns_and_two_more() -> None:
    assert quarantine_schema(batch(0).schema).names == ["stay_id", "price", *QUARANTINE_COLUMNS]


def test_without_rules_all_rows_stay() -> None:
    nothing = BrokenRows(np.empty(0, np.int64), np.empty((0, 0), dtype=bool))
    clean, quarantine = split_rows(batch(3), nothing, [])
    assert (clean.num_rows, quarantine.num_rows) == (3, 0)


def test_a_very_long_value_is_cut_where_it_is_explained_and_kept_where_it_stands() -> None:
    long = "x" * 1_000_000
    rows = pa.RecordBatch.from_pydict({"guest": [long]})
    rule = Named("guest matches ^A", Severity.QUARANTINE, ("guest",))
    _, quarantine = split_rows(rows, BrokenRows(np.array([0]), np.array([[True]])), [rule])
    (row,) = quarantine.to_pylist()
    assert row["guest"] == long
    assert len(row["quarantine_observed"][0]) < 300
