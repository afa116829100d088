from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.adapters.contract_scan import BATCH_ROWS, Findings, open_scan
from include.adapters.row_rules import ROWS, RowRule
from include.specs import Severity

NEGATIVE = RowRule("n is not negative", Severity.QUARANTINE, ("n",), '"n" < 0')
ODD = RowRule("n is even", Severity.WARN, ("n",), '"n" % 2 <> 0')
KEEPS = (
    RowRule(
        "n stands once",
        Severity.BLOCK,
        ("n",),
        '"n" IN (SELECT n FROM repeated)',
        (f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT n FROM {ROWS} GROUP BY n HAVING count(*) > 1",),
    ),
)


def store(folder: Path, values: list[int | None]) -> Path:
    path = folder / "rows 'of' a day.parquet"
    pq.write_table(
        pa.table({"n": pa.array(values, pa.int64()), "at": range(len(values))}), path, row_group_size=7
    )
    return path


def flagged(found: Findings) -> dict[int, list[bool]]:
    seen: dict[int, list[bool]] = {}
    start = 0
    for batch, positions, flags in found.batches():
        seen |= {start + int(p): f.tolist() for p, f in zip(positions, flags, strict=True)}
        start += batch.num_rows
    return seen


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.none() | st.integers(-5, 5), max_size=40))
def test_findings_are_those_of_a_plain_loop(tmp_path: Path, values: list[int | None]) -> None:
    rules = [NEGATIVE, ODD, *KEEPS]
    expected = {}
    for position, n in enumerate(values):
        flags = [n is not None and n < 0, n is not None and n % 2 != 0, n is not None and values.count(n) > 1]
        if any(flags):
            expected[position] = flags
    with open_scan(tmp_path / "work") as scan:
        found = scan.find(store(tmp_path, values), rules)
        assert flagged(found) == expected
    columns = list(zip(*expected.values(), strict=True)) or [()] * 3
    assert found.failed_rows == tuple(sum(column) for column in columns)
    for number, first in enumerate(found.first_rows):
        assert list(first) == [p for p, flags in expected.items() if flags[number]][:10]
    assert found.quarantined_rows == sum(flags[0] for flags in expected.values())
    assert found.warned_rows == sum(flags[1] and not flags[0] for flags in expected.values())


def test_findings_come_in_the_order_of_the_rows_however_many(tmp_path: Path) -> None:
    values = np.arange(3 * BATCH_ROWS + 17) % 1000 - 500
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({"n": values}), path, row_group_size=40_000)
    with open_scan(tmp_path / "work") as scan:
        found = scan.find(path, [NEGATIVE])
        positions = list(flagged(found))
    assert positions == np.flatnonzero(values < 0).tolist()
    assert found.failed_rows == (len(positions),)


def test_example_rows_are_read_from_where_they_stand(tmp_path: Path) -> None:
    with open_scan(tmp_path / "work") as scan:
        found = scan.find(store(tmp_path, [1, -2, *range(50), -7]), [NEGATIVE])
    rows, places = found.example_rows(["n", "at"])
    assert rows.to_pylist() == [{"n": -2, "at": 1}, {"n": -7, "at": 52}]
    assert places == {1: 0, 52: 1}


def test_several_partitions_are_scanned_one_after_another(tmp_path: Path) -> None:
    with open_scan(tmp_path / "work") as scan:
        first = scan.find(store(tmp_path, [1, 1]), [*KEEPS])
        other = tmp_path / "other"
        other.mkdir()
        second = scan.find(store(other, [1, 2]), [*KEEPS])
        assert (first.failed_rows, second.failed_rows) == ((2,), (0,))
        second.drop()
        assert flagged(first) == {0: [True], 1: [True]}


def test_a_pattern_of_python_is_searched_by_python(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"t": ["a", "a\n", None, "ba"]}), path)
    rule = RowRule("t", Severity.WARN, ("t",), "NOT python_regex_search(t, '^a$')")
    with open_scan(tmp_path / "work") as scan:
        assert scan.find(path, [rule]).first_rows == ((3,),)


def test_nothing_is_left_on_disk_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with open_scan(tmp_path / "work") as scan:
            scan.find(store(tmp_path, [-1]), [NEGATIVE])
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []
