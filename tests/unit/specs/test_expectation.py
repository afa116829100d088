from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from include.specs import Expectation, ExpectationKind
from include.specs.expectation import moment


def rule(kind: str, **arguments: Any) -> Expectation:
    return Expectation.model_validate({"expect": kind, "severity": "warn", **arguments})


def between(**arguments: Any) -> Expectation:
    return rule("column_values_to_be_between", column="x", **arguments)


@pytest.mark.parametrize(
    ("expectation", "name"),
    [
        (rule("column_values_to_not_be_null", column="x"), "x is not null"),
        (between(min_value=0, max_value=5000.0), "x between 0 and 5000"),
        (between(min_value=0, strict_min=True), "x greater than 0"),
        (between(max_value=0.5, strict_max=True), "x less than 0.5"),
        (between(min_value=0, max_value=9, strict_max=True), "x at least 0 and less than 9"),
        (between(max_value=2**53 + 1), "x at most 9007199254740993"),
        (between(min_value=1234567.8), "x at least 1234567.8"),
        (between(min_value=date(2017, 3, 1)), "x at least 2017-03-01"),
        (rule("column_value_lengths_to_be_between", column="x", max_value=3), "length of x at most 3"),
        (rule("column_values_to_be_in_set", column="x", value_set=["a", "b"]), "x in set of 2"),
        (rule("column_values_to_not_be_in_set", column="x", value_set=["a"]), "x not in set of 1"),
        (rule("column_values_to_match_regex", column="x", regex="^a"), "x matches ^a"),
        (rule("column_values_to_not_match_regex", column="x", regex="^a"), "x does not match ^a"),
        (rule("column_values_to_be_unique", column="x"), "x is unique"),
        (rule("compound_columns_to_be_unique", column_list=["x", "y"]), "(x, y) is unique"),
        (rule("column_pair_values_a_to_be_greater_than_b", column_a="x", column_b="y"), "x > y"),
        (
            rule("column_pair_values_a_to_be_greater_than_b", column_a="x", column_b="y", or_equal=True),
            "x ≥ y",
        ),
        (rule("column_pair_values_to_be_equal", column_a="x", column_b="y"), "x = y"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_is_called_what_it_asks(expectation: Expectation, name: str) -> None:
    assert expectation.rule == name


@pytest.mark.parametrize("kind", ExpectationKind)
def test_a_rule_without_arguments_says_what_it_needs(kind: ExpectationKind) -> None:
    with pytest.raises(ValidationError, match=f"{kind} needs column"):
        rule(kind)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param({}, "needs max_value or min_value", id="no bound"),
        pytest.param({"min_value": 2, "max_value": 1}, "min_value 2 is greater than max_value 1", id="order"),
        pytest.param(
            {"min_value": 1, "max_value": 1, "strict_min": True}, "no value lies between 1", id="empty"
        ),
        pytest.param({"max_value": 1, "strict_min": True}, "strict_min needs min_value", id="strict nothing"),
        pytest.param({"min_value": 1, "max_value": date(2017, 3, 1)}, "of different kinds", id="kinds"),
        pytest.param({"min_value": True}, "write a number or a date", id="boolean"),
        pytest.param({"min_value": "soon"}, "write a number or a date", id="words"),
        pytest.param({"min_value": float("inf")}, "finite", id="infinity"),
        pytest.param({"min_value": 1, "regex": "a"}, "does not take regex", id="argument of another"),
    ],
)
def test_a_range_without_sense_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        between(**arguments)


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        pytest.param(2**53 + 1, 2**53 + 1, id="integers stay exact"),
        pytest.param("2017-03-01", date(2017, 3, 1), id="a date in quotes"),
        pytest.param(datetime(2017, 3, 1, 9), datetime(2017, 3, 1, 9, tzinfo=UTC), id="no zone is UTC"),  # noqa: DTZ001
        pytest.param(
            datetime(2017, 3, 1, 9, tzinfo=timezone(timedelta(hours=2))),
            datetime(2017, 3, 1, 7, tzinfo=UTC),
            id="zones become UTC",
        ),
    ],
)
def test_bounds_are_exact_numbers_dates_and_utc_times(given: object, bound: object) -> None:
    found = between(min_value=given).min_value
    assert (found, type(found)) == (bound, type(bound))


def test_a_rule_survives_json() -> None:
    for expectation in (between(min_value=1, max_value=2.5), between(min_value=date(2017, 3, 1))):
        assert Expectation.model_validate_json(expectation.model_dump_json()) == expectation


def test_a_date_stands_for_midnight_utc() -> None:
    assert moment(date(2017, 3, 1)) == datetime(2017, 3, 1, tzinfo=UTC)


def test_a_set_has_members_that_compare() -> None:
    with pytest.raises(ValidationError, match="dates have column_values_to_be_between"):
        rule("column_values_to_be_in_set", column="x", value_set=[date(2017, 3, 1)])


def test_a_column_stands_once_in_a_list_of_at_least_two() -> None:
    for columns in (["x"], ["x", "x"]):
        with pytest.raises(ValidationError, match=r"at least 2|named twice"):
            rule("compound_columns_to_be_unique", column_list=columns)
