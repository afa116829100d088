from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from include.specs import ColumnType, Expectation
from include.specs.expectation_fit import misfits

COLUMNS = {kind.value: kind for kind in ColumnType} | {"text": ColumnType.STRING, "day": ColumnType.DATE}


def found(kind: str, **arguments: Any) -> list[str]:
    expectation = Expectation.model_validate({"expect": kind, "severity": "warn", **arguments})
    return list(misfits(expectation, COLUMNS))


@pytest.mark.parametrize(
    ("kind", "arguments", "said"),
    [
        (
            "column_values_to_be_between",
            {"column": "string", "min_value": 1},
            "'string' is a string, which has no range",
        ),
        ("column_values_to_be_between", {"column": "boolean", "min_value": 0}, "which has no range"),
        ("column_values_to_be_between", {"column": "integer", "min_value": 0.5}, "column's type, integer"),
        ("column_values_to_be_between", {"column": "integer", "max_value": 2**63}, "integers have 64 bits"),
        ("column_values_to_be_between", {"column": "date", "min_value": 1}, "column's type, date"),
        ("column_values_to_be_between", {"column": "number", "min_value": date(2017, 3, 1)}, "type, number"),
        (
            "column_values_to_be_in_set",
            {"column": "string", "value_set": [1]},
            "value 1 in the set of 'string'",
        ),
        ("column_values_to_be_in_set", {"column": "boolean", "value_set": [1]}, "column's type, boolean"),
        ("column_values_to_not_be_in_set", {"column": "integer", "value_set": [True]}, "type, integer"),
        ("column_values_to_be_in_set", {"column": "date", "value_set": ["2017-03-01"]}, "ask for ranges"),
        ("column_values_to_match_regex", {"column": "integer", "regex": "1"}, "reads text"),
        ("column_value_lengths_to_be_between", {"column": "number", "min_value": 1}, "reads text"),
        (
            "column_value_lengths_to_be_between",
            {"column": "text", "min_value": -1},
            "a length is a whole number",
        ),
        (
            "column_value_lengths_to_be_between",
            {"column": "text", "min_value": 1.5},
            "a length is a whole number",
        ),
        ("column_pair_values_to_be_equal", {"column_a": "string", "column_b": "number"}, "do not compare"),
        ("column_pair_values_to_be_equal", {"column_a": "boolean", "column_b": "integer"}, "do not compare"),
    ],
)
def test_a_rule_that_does_not_suit_its_column_says_why(
    kind: str, arguments: dict[str, Any], said: str
) -> None:
    (problem,) = found(kind, **arguments)
    assert said in problem


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("column_values_to_be_between", {"column": "number", "min_value": 0, "max_value": 0.5}),
        ("column_values_to_be_between", {"column": "timestamp", "min_value": date(2017, 3, 1)}),
        ("column_values_to_be_in_set", {"column": "boolean", "value_set": [True]}),
        ("column_values_to_be_in_set", {"column": "number", "value_set": [0, 0.5]}),
        ("column_pair_values_a_to_be_greater_than_b", {"column_a": "integer", "column_b": "number"}),
        ("column_pair_values_a_to_be_greater_than_b", {"column_a": "date", "column_b": "timestamp"}),
        ("column_pair_values_to_be_equal", {"column_a": "string", "column_b": "text"}),
        ("column_values_to_be_unique", {"column": "boolean"}),
    ],
)
def test_a_rule_that_suits_its_column_is_taken(kind: str, arguments: dict[str, Any]) -> None:
    assert found(kind, **arguments) == []
