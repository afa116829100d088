"""One rule of a contract: what it asks, with which arguments, and how it is called in messages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from include.specs.fields import Identifier, SpecModel
from include.specs.patterns import check_pattern


class Severity(StrEnum):
    """What happens to a partition when a rule finds failing rows."""

    BLOCK = "block"
    QUARANTINE = "quarantine"
    WARN = "warn"


class ExpectationKind(StrEnum):
    """The Great Expectations rules a contract may use, without their `expect_` prefix.

    All of them judge rows, so that a verdict over many partitions at once can be split by partition.
    """

    NOT_NULL = "column_values_to_not_be_null"
    BETWEEN = "column_values_to_be_between"
    IN_SET = "column_values_to_be_in_set"
    NOT_IN_SET = "column_values_to_not_be_in_set"
    MATCH_REGEX = "column_values_to_match_regex"
    NOT_MATCH_REGEX = "column_values_to_not_match_regex"
    LENGTH_BETWEEN = "column_value_lengths_to_be_between"
    UNIQUE = "column_values_to_be_unique"
    COMPOUND_UNIQUE = "compound_columns_to_be_unique"
    PAIR_GREATER = "column_pair_values_a_to_be_greater_than_b"
    PAIR_EQUAL = "column_pair_values_to_be_equal"


_BOUNDS = {"min_value", "max_value"}
_STRICT = {"strict_min", "strict_max"}
_PAIR = {"column_a", "column_b"}
_ARGUMENTS: dict[ExpectationKind, tuple[set[str], set[str], set[str]]] = {
    # kind: (keys that must be there, keys of which at least one must be there, keys that may be there)
    ExpectationKind.NOT_NULL: ({"column"}, set(), set()),
    ExpectationKind.BETWEEN: ({"column"}, _BOUNDS, _STRICT),
    ExpectationKind.IN_SET: ({"column", "value_set"}, set(), set()),
    ExpectationKind.NOT_IN_SET: ({"column", "value_set"}, set(), set()),
    ExpectationKind.MATCH_REGEX: ({"column", "regex"}, set(), set()),
    ExpectationKind.NOT_MATCH_REGEX: ({"column", "regex"}, set(), set()),
    ExpectationKind.LENGTH_BETWEEN: ({"column"}, _BOUNDS, _STRICT),
    ExpectationKind.UNIQUE: ({"column"}, set(), set()),
    ExpectationKind.COMPOUND_UNIQUE: ({"column_list"}, set(), set()),
    ExpectationKind.PAIR_GREATER: (_PAIR, set(), {"or_equal"}),
    ExpectationKind.PAIR_EQUAL: (_PAIR, set(), set()),
}


def _check_bound(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | date | str):
        raise ValueError("write a number or a date, such as 0 or 2017-03-01")
    return _instant(value)


def _check_member(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("write a text, a number, true or false; dates have column_values_to_be_between")
    return value


def _instant(value: object) -> object:
    """Dates stay dates, times are UTC; a text is the date or time it spells."""
    if isinstance(value, str):
        value = _parse_instant(value)
    if not isinstance(value, datetime):
        return value
    value = value.replace(tzinfo=value.tzinfo or UTC)
    return value.astimezone(UTC).replace(fold=0)


def _parse_instant(value: str) -> date:
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("write a number or a date, such as 0 or 2017-03-01") from None


def _named_once(value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise ValueError("a column is named twice")
    return value


Bound: TypeAlias = Annotated[int | float | datetime | date, BeforeValidator(_check_bound)]
Member: TypeAlias = Annotated[bool | int | float | str, BeforeValidator(_check_member)]


class Expectation(SpecModel):
    """One rule of a contract.

    A missing value fails `column_values_to_not_be_null` and no other rule. Bounds are
    numbers, or for dates and timestamps dates, which stand for midnight UTC, or times.
    """

    expect: ExpectationKind
    severity: Severity
    column: Identifier | None = None
    column_a: Identifier | None = None
    column_b: Identifier | None = None
    column_list: Annotated[list[Identifier], AfterValidator(_named_once)] | None = Field(
        default=None, min_length=2
    )
    min_value: Bound | None = None
    max_value: Bound | None = None
    strict_min: bool | None = None
    strict_max: bool | None = None
    value_set: list[Member] | None = Field(default=None, min_length=1)
    regex: Annotated[str, AfterValidator(check_pattern)] | None = None
    or_equal: bool | None = None

    @property
    def rule(self) -> str:
        """The rule's name in quarantine, reports and messages, such as `adr between 0 and 5000`."""
        match self.expect:
            case ExpectationKind.NOT_NULL:
                return f"{self.column} is not null"
            case ExpectationKind.BETWEEN:
                return f"{self.column} {self._range()}"
            case ExpectationKind.LENGTH_BETWEEN:
                return f"length of {self.column} {self._range()}"
            case ExpectationKind.IN_SET:
                return f"{self.column} in set of {len(self.value_set or [])}"
            case ExpectationKind.NOT_IN_SET:
                return f"{self.column} not in set of {len(self.value_set or [])}"
            case ExpectationKind.MATCH_REGEX:
                return f"{self.column} matches {self.regex}"
            case ExpectationKind.NOT_MATCH_REGEX:
                return f"{self.column} does not match {self.regex}"
            case ExpectationKind.UNIQUE:
                return f"{self.column} is unique"
            case ExpectationKind.COMPOUND_UNIQUE:
                return f"({', '.join(self.columns)}) is unique"
            case ExpectationKind.PAIR_GREATER:
                return f"{self.column_a} {'≥' if self.or_equal else '>'} {self.column_b}"
            case ExpectationKind.PAIR_EQUAL:
                return f"{self.column_a} = {self.column_b}"

    def _range(self) -> str:
        low, high = map(shown, (self.min_value, self.max_value))
        below, above = "less than" if self.strict_max else "at most", "at least"
        above = "greater than" if self.strict_min else above
        if self.min_value is None:
            return f"{below} {high}"
        if self.max_value is None:
            return f"{above} {low}"
        if self.strict_min or self.strict_max:
            return f"{above} {low} and {below} {high}"
        return f"between {low} and {high}"

    @property
    def columns(self) -> list[str]:
        """The columns the rule reads."""
        named = (self.column, self.column_a, self.column_b, *(self.column_list or ()))
        return [column for column in named if column is not None]

    @model_validator(mode="after")
    def _arguments_fit_the_rule(self) -> Self:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        given -= {"expect", "severity"}
        needed, one_of, optional = _ARGUMENTS[self.expect]
        if missing := needed - given:
            raise ValueError(f"{self.expect} needs {', '.join(sorted(missing))}")
        if one_of and not one_of & given:
            raise ValueError(f"{self.expect} needs {' or '.join(sorted(one_of))}")
        if extra := given - needed - one_of - optional:
            raise ValueError(f"{self.expect} does not take {', '.join(sorted(extra))}")
        self._check_range()
        return self

    def _check_range(self) -> None:
        for end in ("min", "max"):
            if getattr(self, f"strict_{end}") and getattr(self, f"{end}_value") is None:
                raise ValueError(f"strict_{end} needs {end}_value")
        low, high = self.min_value, self.max_value
        if low is None or high is None:
            return
        if isinstance(low, date) is not isinstance(high, date):
            raise ValueError(f"min_value {shown(low)} and max_value {shown(high)} are of different kinds")
        if _comparable(low) > _comparable(high):
            raise ValueError(f"min_value {shown(low)} is greater than max_value {shown(high)}")
        if _comparable(low) == _comparable(high) and (self.strict_min or self.strict_max):
            raise ValueError(
                f"no value lies between {shown(low)} and itself; leave out strict_min and strict_max"
            )


def moment(value: date) -> datetime:
    """Return the instant a bound or set member stands for: midnight UTC of a date."""
    return value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)


def shown(value: Bound | None) -> str:
    """Write a bound as it stands in a rule's name: numbers short where nothing is lost, dates by ISO."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


def _comparable(value: Bound) -> float:
    return moment(value).timestamp() if isinstance(value, date) else value
