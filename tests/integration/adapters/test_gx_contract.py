from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.adapters import gx_contract
from include.adapters.arrow_columns import arrow_schema
from include.adapters.contract_scan import open_scan
from include.adapters.gx_contract import judge_contract
from include.adapters.row_rules import contract_rules
from include.errors import SpecError
from include.specs import Expectation
from tests.support.sources import CONTRACT, stay, stays_spec

pytestmark = pytest.mark.integration

MADE = datetime(2017, 3, 1, 9, 30, tzinfo=UTC)
BIG = 2**53


def rule(kind: str, column: str | None = "price", **arguments: Any) -> Expectation:
    return Expectation.model_validate({"expect": kind, "column": column, "severity": "warn", **arguments})


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), arrow_schema(stays_spec().columns))


def column(name: str, *values: Any) -> pa.Table:
    return table(*({**stay(number), name: value} for number, value in enumerate(values)))


@contextmanager
def stored(*tables: pa.Table) -> Iterator[list[Path]]:
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.parquet" for number in range(len(tables))]
        for rows, path in zip(tables, paths, strict=True):
            pq.write_table(rows, path)
        yield paths


def judged(tables: list[pa.Table], contract: list[Expectation]) -> list[bool]:
    with stored(*tables) as paths:
        return judge_contract(paths, contract, paths[0].parent)


def positions(rows: pa.Table, expectation: Expectation) -> list[int]:
    """What the scan finds, which Great Expectations must confirm."""
    rules = contract_rules([expectation], stays_spec().columns)
    with stored(rows) as (path,), open_scan(path.parent) as scan:
        found = scan.find(path, rules)
        assert judge_contract([path], [expectation], path.parent) == [not found.failed_rows[0]]
        return list(found.first_rows[0])


@pytest.mark.parametrize(
    ("expectation", "rows", "expected"),
    [
        pytest.param(
            rule("column_values_to_not_be_null"), column("price", 1.0, None, 2.0), [1], id="missing number"
        ),
        pytest.param(
            rule("column_values_to_not_be_null", "guest"), column("guest", None, "", None), [0, 2], id="text"
        ),
        pytest.param(
            rule("column_values_to_not_be_null"), column("price", None, None), [0, 1], id="all missing"
        ),
        pytest.param(
            rule("column_values_to_be_between", min_value=0, max_value=5),
            column("price", 0.0, -0.01, 5.0, 5.01, None, float("inf")),
            [1, 3, 5],
            id="range includes its ends, missing values pass",
        ),
        pytest.param(
            rule("column_values_to_be_between", max_value=5),
            column("price", -1e9, 6.0),
            [1],
            id="range open below",
        ),
        pytest.param(
            rule("column_values_to_be_between", "stay_id", min_value=2),
            column("stay_id", 1, None, 2),
            [0],
            id="range of integers with a missing one",
        ),
        pytest.param(
            rule("column_values_to_be_between", min_value=0),
            column("price", None, None),
            [],
            id="range of nothing",
        ),
        pytest.param(
            rule("column_values_to_be_in_set", "guest", value_set=["Ada", "O'Brien", 'the "Duke"']),
            column("guest", "O'Brien", 'the "Duke"', "ada", None, ""),
            [2, 4],
            id="set of texts with quotes",
        ),
        pytest.param(
            rule("column_values_to_be_in_set", "stay_id", value_set=[0, 1]),
            column("stay_id", 0, 1, 2, None),
            [2],
            id="set of integers",
        ),
        pytest.param(
            rule("column_values_to_match_regex", "guest", regex="^[A-Z]$"),
            column("guest", "A", "AB", "a", None),
            [1, 2],
            id="pattern",
        ),
        pytest.param(
            rule("column_value_lengths_to_be_between", "guest", min_value=1, max_value=3),
            column("guest", "", "Ada", "Adam", None),
            [0, 2],
            id="length of text",
        ),
        pytest.param(
            rule("column_values_to_be_unique", "stay_id"),
            column("stay_id", 7, 8, 7, None, None),
            [0, 2],
            id="duplicates, of which missing values are none",
        ),
        pytest.param(
            rule("column_values_to_be_unique", "stay_id"),
            column("stay_id", BIG, BIG + 1, None),
            [],
            id="integers no float can tell apart",
        ),
        pytest.param(
            rule("column_pair_values_a_to_be_greater_than_b", None, column_a="arrives", column_b="made_at"),
            table(
                stay(1, arrives=date(2017, 3, 2)),
                stay(2, arrives=date(2017, 3, 1)),
                stay(3, arrives=None),
                stay(4, made_at=None),
            ),
            [1],
            id="a date after a timestamp",
        ),
    ],
)
def test_a_rule_finds_its_failing_rows(expectation: Expectation, rows: pa.Table, expected: list[int]) -> None:
    assert positions(rows, expectation) == expected


@pytest.mark.parametrize(("or_equal", "expected"), [(True, []), (False, [0]), (None, [0])])
def test_equal_values_are_greater_only_if_so_declared(or_equal: bool | None, expected: list[int]) -> None:
    kind = "column_pair_values_a_to_be_greater_than_b"
    expectation = rule(kind, None, column_a="price", column_b="price", or_equal=or_equal)
    assert positions(column("price", 5.0), expectation) == expected


UNIQUE = rule("column_values_to_be_unique", "stay_id")


@pytest.mark.parametrize("frame_rows", [1, 3, 1000])
@pytest.mark.parametrize(
    ("tables", "holds"),
    [
        pytest.param([[1, 2], [2, 3], [], [1]], True, id="across partitions values may repeat"),
        pytest.param([[1, 2], [], [2, 3, 4, 5, 3]], False, id="within a large partition they may not"),
        pytest.param([[7, 7], [1, 2, 3]], False, id="nor within a small one"),
        pytest.param([[None, None], [None, None, None]], True, id="missing values do not repeat"),
        pytest.param([[BIG, BIG + 1, None]], True, id="integers no float can tell apart"),
    ],
)
def test_uniqueness_is_asked_within_a_partition(
    tables: list[list[int | None]], holds: bool, frame_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gx_contract, "FRAME_ROWS", frame_rows)
    monkeypatch.setattr(gx_contract, "NARROW_ROWS", frame_rows)
    assert judged([column("stay_id", *values) for values in tables], [UNIQUE]) == [holds]


def test_partitions_without_any_row_fail_nothing() -> None:
    contract = stays_spec().contract
    assert judged([column("price"), column("price")], contract) == [True] * len(contract)


def test_the_same_rule_may_stand_twice() -> None:
    contract = [rule("column_values_to_not_be_null", severity=severity) for severity in ("warn", "block")]
    assert judged([column("price", None)], contract) == [False, False]


@pytest.mark.parametrize(
    "expectation",
    [
        pytest.param(rule("column_values_to_be_between", "guest", min_value=1), id="range over text"),
        pytest.param(
            rule("column_values_to_be_between", "made_at", min_value=1), id="number as a time's bound"
        ),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_an_error_and_never_a_pass(expectation: Expectation) -> None:
    with pytest.raises(SpecError) as raised:
        judged([table(stay(1))], [rule("column_values_to_not_be_null"), expectation])
    assert f"`{expectation.rule}` cannot be evaluated on {expectation.column}" in str(raised.value)


PRICES = st.none() | st.sampled_from([-1.0, 0.0, 50.0, 101.0])
STAYS = st.builds(lambda n, price: stay(n, price=price), st.none() | st.integers(1, 4), PRICES)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(partitions=st.lists(st.lists(STAYS, max_size=6), min_size=1, max_size=4))
def test_a_rule_holds_for_partitions_together_if_it_holds_for_each(
    partitions: list[list[dict[str, Any]]],
) -> None:
    contract = [Expectation.model_validate(entry) for entry in CONTRACT]
    tables = [table(*rows) for rows in partitions]
    alone = [judged([rows], contract) for rows in tables]
    assert judged(tables, contract) == [all(answers) for answers in zip(*alone, strict=True)]


def test_an_abandoned_verdict_is_none(tmp_path: Path) -> None:
    pq.write_table(column("stay_id", 1, 2, 3), tmp_path / "rows.parquet")
    abandoned = Event()
    abandoned.set()
    with pytest.raises(CancelledError):
        judge_contract([tmp_path / "rows.parquet"], [UNIQUE], tmp_path, abandoned)


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pq.write_table(column("stay_id", 1, 2, 3), tmp_path / "rows.parquet")
    monkeypatch.setattr(gx_contract, "FRAME_ROWS", 2)
    judge_contract([tmp_path / "rows.parquet"], [UNIQUE], tmp_path)
    assert os.listdir(tmp_path) == ["rows.parquet"]  # noqa: PTH208
