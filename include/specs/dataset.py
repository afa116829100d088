"""A dataset: where its rows come from, their columns, and the contract they must meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from include.errors import FatalError
from include.specs.arrival import Arrival, Until
from include.specs.fields import Cron, Identifier, Name, SpecModel
from include.specs.sql_source import Load, SqlSource


class ColumnType(StrEnum):
    """The types a column may have, from source to score."""

    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


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
    MATCH_REGEX = "column_values_to_match_regex"
    LENGTH_BETWEEN = "column_value_lengths_to_be_between"
    UNIQUE = "column_values_to_be_unique"
    PAIR_GREATER = "column_pair_values_a_to_be_greater_than_b"


_REQUIRED: dict[ExpectationKind, tuple[set[str], set[str]]] = {
    # kind: (keys that must be there, keys of which at least one must be there)
    ExpectationKind.NOT_NULL: ({"column"}, set()),
    ExpectationKind.BETWEEN: ({"column"}, {"min_value", "max_value"}),
    ExpectationKind.IN_SET: ({"column", "value_set"}, set()),
    ExpectationKind.MATCH_REGEX: ({"column", "regex"}, set()),
    ExpectationKind.LENGTH_BETWEEN: ({"column"}, {"min_value", "max_value"}),
    ExpectationKind.UNIQUE: ({"column"}, set()),
    ExpectationKind.PAIR_GREATER: ({"column_a", "column_b"}, set()),
}
_OPTIONAL = {ExpectationKind.PAIR_GREATER: {"or_equal"}}


def _check_regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


class Expectation(SpecModel):
    """One rule of a contract."""

    expect: ExpectationKind
    severity: Severity
    column: Identifier | None = None
    column_a: Identifier | None = None
    column_b: Identifier | None = None
    min_value: float | None = None
    max_value: float | None = None
    value_set: list[str | int | float] | None = Field(default=None, min_length=1)
    regex: Annotated[str, AfterValidator(_check_regex)] | None = None
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
            case ExpectationKind.MATCH_REGEX:
                return f"{self.column} matches {self.regex}"
            case ExpectationKind.UNIQUE:
                return f"{self.column} is unique"
            case ExpectationKind.PAIR_GREATER:
                sign = "≥" if self.or_equal else ">"
                return f"{self.column_a} {sign} {self.column_b}"

    def _range(self) -> str:
        low, high = self.min_value, self.max_value
        if low is None:
            return f"at most {high:g}"
        if high is None:
            return f"at least {low:g}"
        return f"between {low:g} and {high:g}"

    @property
    def columns(self) -> list[str]:
        """The columns the rule reads."""
        return [c for c in (self.column, self.column_a, self.column_b) if c is not None]

    @model_validator(mode="after")
    def _arguments_fit_the_rule(self) -> Self:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        given -= {"expect", "severity"}
        needed, one_of = _REQUIRED[self.expect]
        allowed = needed | one_of | _OPTIONAL.get(self.expect, set())
        if missing := needed - given:
            raise ValueError(f"{self.expect} needs {', '.join(sorted(missing))}")
        if one_of and not one_of & given:
            raise ValueError(f"{self.expect} needs {' or '.join(sorted(one_of))}")
        if extra := given - allowed:
            raise ValueError(f"{self.expect} does not take {', '.join(sorted(extra))}")
        low, high = self.min_value, self.max_value
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_value {low:g} is greater than max_value {high:g}")
        return self


class Budgets(SpecModel):
    """How much may go wrong before a partition is refused as a whole."""

    quarantine_share: float = Field(ge=0, le=1)
    min_rows: int = Field(default=1, ge=0)


QUARANTINE_COLUMNS = ("quarantine_rule", "quarantine_observed")
"""Added to quarantined rows: the rules each row broke and, in the same order, what was observed."""


def _check_columns(value: dict[str, ColumnType]) -> dict[str, ColumnType]:
    if not value:
        raise ValueError("name at least one column")
    by_lower: dict[str, str] = {}
    for name in value:
        other = by_lower.setdefault(name.lower(), name)
        if other != name:  # the engine that reads snapshots would take one for the other
            raise ValueError(f"{other!r} and {name!r} differ only in case; offer one through a view")
    if taken := [name for name in QUARANTINE_COLUMNS if name in by_lower]:
        raise ValueError(f"{taken[0]!r} is what quarantined rows are explained in; offer it through a view")
    return value


def _named_once(value: list[str]) -> list[str]:
    if twice := sorted({name for name in value if value.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return value


class DatasetSpec(SpecModel):
    """One source that lands as daily partitions.

    `start` and `end` are the first and last day the source has rows for; without `end` it goes on.
    """

    dataset: Name
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    source: SqlSource
    key: Annotated[list[Identifier], AfterValidator(_named_once)] = Field(min_length=1)
    event_time: Identifier
    start: date
    end: date | None = None
    schedule: Cron = "0 0 * * *"
    columns: Annotated[dict[Identifier, ColumnType], AfterValidator(_check_columns)]
    contract: list[Expectation] = Field(min_length=1)
    budgets: Budgets
    arrival: Arrival | None = None

    @model_validator(mode="after")
    def _columns_are_declared(self) -> Self:
        problems = [
            f"{where} names column {column!r}, which `columns` does not declare"
            for where, column in self._mentions()
            if column not in self.columns
        ]
        kind = self.columns.get(self.event_time)
        if kind is not None and kind not in {ColumnType.DATE, ColumnType.TIMESTAMP}:
            problems.append(f"event_time {self.event_time!r} must be a date or timestamp, it is {kind}")
        if self.end is not None and self.end < self.start:
            problems.append(f"end {self.end} is before start {self.start}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def is_state(self) -> bool:
        """Whether a partition is all of the source as it stood, not the rows of a day."""
        return isinstance(self.source, SqlSource) and self.source.load is Load.STATE

    @property
    def holds_only_present(self) -> bool:
        """Whether the source cannot say how it stood on an earlier day."""
        return isinstance(self.source, SqlSource) and self.source.holds_only_present

    @model_validator(mode="after")
    def _state_fits(self) -> Self:
        if not self.is_state:
            return self
        if self.columns.get(self.event_time) is not ColumnType.DATE:
            raise ValueError(
                f"event_time {self.event_time!r} of a state must be a date: it holds the partition's day,"
                " and is filled in where the source has no such column"
            )
        if self.arrival is not None and self.arrival.until is Until.LATER_ROWS:
            raise ValueError("a state has no later rows to wait for; use `until: rows`")
        return self

    def require_days(self, first: date, last: date) -> None:
        """Refuse a range that is empty, or reaches beyond the days the source has rows for.

        Raises
        ------
        FatalError
            Names the range and the dataset's own days.
        """
        where = f"dataset {self.dataset}"
        if first > last:
            raise FatalError(f"{first} is after {last}", where=where, next_step="name the earlier day first")
        if first < self.start or (self.end is not None and last > self.end):
            days = f"{first}" if first == last else f"{first} to {last}"
            span = f"from {self.start} on" if self.end is None else f"{self.start} to {self.end}"
            raise FatalError(
                f"{days} is outside the days the dataset has rows for, {span}",
                where=where,
                next_step="name days within them, or change `start` or `end` of the dataset's spec",
            )

    def _mentions(self) -> Iterator[tuple[str, str]]:
        yield from (("key", column) for column in self.key)
        yield "event_time", self.event_time
        for number, expectation in enumerate(self.contract):
            yield from ((f"contract[{number}]", column) for column in expectation.columns)
