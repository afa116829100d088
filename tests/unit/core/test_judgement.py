from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.judgement import contract_sha256, judge_rows
from include.specs import DatasetSpec
from include.specs.dataset import QUARANTINE_COLUMNS
from tests.support.sources import stays_spec

LONG = "x" * 1_000_000
RULES = ["block", "quarantine", "quarantine", "warn"]
SPEC = stays_spec(
    contract=[
        {"expect": "column_values_to_be_between", "column": "price", "min_value": n, "severity": severity}
        for n, severity in enumerate(RULES)
    ],
    budgets={"quarantine_share": 0.25, "min_rows": 2},
)


def table(count: int) -> pa.Table:
    return pa.table({"stay_id": pa.array(range(100, 100 + count), pa.int64()), "price": [1.5] * count})


def failing(*positions: list[int]) -> list[np.ndarray]:
    return [np.array(p, dtype=np.int64) for p in positions]


@st.composite
def verdicts(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    count = draw(st.integers(0, 30))
    position = st.integers(0, count - 1) if count else st.nothing()
    return count, [draw(st.lists(position, unique=True).map(sorted)) for _ in RULES]


@given(verdict=verdicts())
def test_every_row_stays_or_goes_exactly_once(verdict: tuple[int, list[list[int]]]) -> None:
    count, found = verdict
    judgement = judge_rows(table(count), failing(*found), SPEC)
    gone = sorted(set(found[1]) | set(found[2]))
    stay = [n for n in range(count) if n not in gone]
    assert judgement.clean.equals(table(count).take(pa.array(stay, pa.int64())))
    assert judgement.quarantine["stay_id"].to_pylist() == [100 + n for n in gone]
    assert judgement.warned_rows == len(set(found[3]) - set(gone))
    assert [o.failed_rows for o in judgement.outcomes] == [len(f) for f in found]


@given(verdict=verdicts())
def test_a_quarantined_row_lists_every_rule_it_broke(verdict: tuple[int, list[list[int]]]) -> None:
    count, found = verdict
    quarantine = judge_rows(table(count), failing(*found), SPEC).quarantine
    for row in quarantine.to_pylist():
        broken = [e.rule for e, f in zip(SPEC.contract, found, strict=True) if row["stay_id"] - 100 in f]
        assert row["quarantine_rule"] == broken
        assert row["quarantine_observed"] == ["price=1.5"] * len(broken)


@given(verdict=verdicts())
def test_a_partition_is_refused_for_blocks_budget_or_too_few_rows_only(
    verdict: tuple[int, list[list[int]]],
) -> None:
    count, found = verdict
    judgement = judge_rows(table(count), failing(*found), SPEC)
    gone = len(set(found[1]) | set(found[2]))
    expected = [count < 2, bool(found[0]), gone > 0.25 * count]
    assert len(judgement.refusals) == sum(expected)


def test_quarantine_has_the_datasets_columns_and_two_more() -> None:
    judgement = judge_rows(table(4), failing([], [], [], []), SPEC)
    assert judgement.quarantine.column_names == ["stay_id", "price", *QUARANTINE_COLUMNS]
    assert judgement.quarantine.num_rows == 0


def test_a_refusal_by_a_rule_names_rule_count_and_ten_keys() -> None:
    (refusal,) = judge_rows(table(20), failing(list(range(13)), [], [], []), SPEC).refusals
    named = ", ".join(str(100 + n) for n in range(10))
    assert refusal == f"rule `price at least 0` fails on 13 of 20 rows (keys {named} and 3 more)"


def test_a_share_at_its_budget_stands_and_one_above_does_not() -> None:
    assert judge_rows(table(8), failing([], [0, 1], [], []), SPEC).refusals == []
    (refusal,) = judge_rows(table(8), failing([], [0, 1], [2], []), SPEC).refusals
    assert refusal == "3 of 8 rows (37.50%) break quarantine rules where the budget allows 25.00%"


def test_too_few_rows_are_refused() -> None:
    assert judge_rows(table(1), failing([], [], [], []), SPEC).refusals == [
        "1 rows where the budget asks for at least 2"
    ]


def test_examples_stop_at_ten() -> None:
    outcome = judge_rows(table(20), failing([], list(range(15)), [], []), SPEC).outcomes[1]
    assert outcome.failed_rows == 15
    assert outcome.examples == [(str(100 + n), "price=1.5") for n in range(10)]


def test_observed_values_are_readable_text() -> None:
    spec = stays_spec(
        key=["stay_id", "arrives"],
        contract=[
            {
                "expect": "column_pair_values_a_to_be_greater_than_b",
                "column_a": "arrives",
                "column_b": "made_at",
                "severity": "quarantine",
            }
        ],
        budgets={"quarantine_share": 1},
    )
    rows = pa.table(
        {
            "stay_id": [7],
            "arrives": pa.array([date(2017, 1, 1)]),
            "made_at": pa.array([datetime(2017, 3, 1, 9, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
        }
    )
    (outcome,) = judge_rows(rows, failing([0]), spec).outcomes
    assert outcome.examples == [
        ("(stay_id=7, arrives=2017-01-01)", "arrives=2017-01-01, made_at=2017-03-01T09:00:00+00:00")
    ]


def test_inputs_are_left_as_they_were() -> None:
    rows, found = table(3), failing([2, 0], [], [], [])
    judge_rows(rows, found, SPEC)
    assert rows.equals(table(3))
    assert found[0].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"owner": "others", "description": "Other words."}, True, id="words do not matter"),
        pytest.param({"schedule": "5 5 * * *"}, True, id="schedule does not matter"),
        pytest.param({"budgets": {"quarantine_share": 0.1}}, False, id="budgets matter"),
        pytest.param({"key": ["stay_id", "guest"]}, False, id="the key matters"),
        pytest.param({"contract": [stays_spec().contract[0].model_dump()]}, False, id="rules matter"),
    ],
)
def test_the_contracts_hash_covers_what_decides_the_verdict(changes: dict[str, Any], same: bool) -> None:
    changed: DatasetSpec = stays_spec(**changes)
    assert (contract_sha256(changed) == contract_sha256(stays_spec())) is same


def test_a_very_long_value_is_cut_where_it_is_explained_and_kept_where_it_stands() -> None:
    rule = {"expect": "column_values_to_match_regex", "column": "guest", "regex": "^A"}
    contract = [{**rule, "severity": severity} for severity in ("block", "quarantine")]
    spec = stays_spec(contract=contract, key=["guest"])
    table = pa.table({"guest": [LONG], "stay_id": [1]})
    judgement = judge_rows(table, [np.array([0]), np.array([0])], spec)
    assert judgement.quarantine["guest"].to_pylist() == [LONG]
    assert len(judgement.quarantine["quarantine_observed"].to_pylist()[0][0]) < 300
    assert all(len(refusal) < 500 for refusal in judgement.refusals)
