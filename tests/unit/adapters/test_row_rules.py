from __future__ import annotations

from typing import Any

import pytest

from include.adapters.row_rules import PYTHON_SEARCH, contract_rules
from include.adapters.spilling_duckdb import text_literal
from include.specs import ColumnType, Expectation, Severity


def fails(kind: str, column_type: ColumnType = ColumnType.STRING, **arguments: Any) -> str:
    rule = Expectation.model_validate({"expect": kind, "severity": "warn", "column": "x", **arguments})
    return contract_rules([rule], {"x": column_type})[0].fails


def test_a_rule_keeps_name_severity_columns_and_note() -> None:
    entry = {
        "expect": "column_values_to_be_in_set",
        "severity": "block",
        "column": "x",
        "value_set": ["a", "b"],
    }
    (rule,) = contract_rules([Expectation.model_validate(entry)], {"x": ColumnType.STRING})
    assert (rule.name, rule.severity, rule.columns) == ("x in set of 2", Severity.BLOCK, ("x",))
    assert rule.note == "Allowed: a, b"


@pytest.mark.parametrize("pattern", ["^[A-Z]$", r"\d+", "a|b", "(?:ab){1,3}", "[a-z_]", r"\.", ""])
def test_a_plain_pattern_is_searched_by_duckdb_where_the_text_is_plain(pattern: str) -> None:
    assert f'THEN regexp_matches("x", {text_literal(pattern)})' in fails(
        "column_values_to_match_regex", regex=pattern
    )


@pytest.mark.parametrize("pattern", [r"\s", "é", "(?=a)", r"(a)\1", "(?i)a", r"\Aa", "a{,2}", "[]a]"])
def test_another_pattern_is_searched_by_python(pattern: str) -> None:
    condition = fails("column_values_to_match_regex", regex=pattern)
    assert condition == f'NOT {PYTHON_SEARCH}("x", {text_literal(pattern)})'


def test_texts_are_quoted() -> None:
    assert "'it''s; DROP'" in fails("column_values_to_be_in_set", value_set=["it's; DROP"])


def test_integers_are_exact() -> None:
    condition = fails("column_values_to_be_between", ColumnType.INTEGER, min_value=2**53 + 1)
    assert "'9007199254740993'::BIGINT" in condition
