"""A dataset: where its rows come from, their columns, and the contract they must meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from include.errors import FatalError
from include.specs.arrival import Arrival, Until
from include.specs.checks import Check, checks_named_once
from include.specs.checks import misfits as check_misfits
from include.specs.column_type import ColumnType
from include.specs.expectation import Expectation
from include.specs.expectation_fit import misfits
from include.specs.fields import Cron, Days, Identifier, Name, SpecModel
from include.specs.file_source import FileSource
from include.specs.http_source import HttpSource
from include.specs.sql_source import Load, SqlSource

Origin: TypeAlias = Annotated[SqlSource | FileSource | HttpSource, Field(discriminator="kind")]
"""Where a dataset's rows come from."""


class Budgets(SpecModel):
    """How much may go wrong before a partition is refused as a whole."""

    quarantine_share: float = Field(ge=0, le=1)
    quarantine_rows: int | None = Field(default=None, ge=0)
    min_rows: int = Field(default=1, ge=0)


QUARANTINE_COLUMNS = ("quarantine_rule", "quarantine_observed")
"""Added to quarantined rows: the rules each row broke and, in the same order, what was observed."""
REPLAY_COLUMNS = ("quarantine_ds", "quarantine_row", "quarantine_action")
"""Added to quarantined rows that a person mends: where each row is, which it is, and what to do with it."""

ROW_NUMBERS = ("file_index", "file_row_number")
"""What the engine that reads partitions calls a row's file and its place in it."""


def _check_columns(value: dict[str, ColumnType]) -> dict[str, ColumnType]:
    if not value:
        raise ValueError("name at least one column")
    by_lower: dict[str, str] = {}
    for name in value:
        other = by_lower.setdefault(name.lower(), name)
        if other != name:  # the engine that reads snapshots would take one for the other
            raise ValueError(f"{other!r} and {name!r} differ only in case; offer one through a view")
    if taken := [name for name in (*QUARANTINE_COLUMNS, *REPLAY_COLUMNS) if name in by_lower]:
        raise ValueError(f"{taken[0]!r} is what quarantined rows are explained in; offer it through a view")
    if taken := [name for name in ROW_NUMBERS if name in by_lower]:
        raise ValueError(f"{taken[0]!r} is how rows of partitions are numbered; offer it through a view")
    return value


def _named_once(value: list[str]) -> list[str]:
    if twice := sorted({name for name in value if value.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return value


class DatasetSpec(SpecModel):
    """One source that lands as daily partitions.

    `start` and `end` are the first and last day the source has rows for; without `end` it goes on.
    `lateness` is how long after their day rows may still come or change: each night reads that many days
    before its own again. Without it a partition is read once.
    """

    dataset: Name
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    source: Origin
    key: Annotated[list[Identifier], AfterValidator(_named_once)] = Field(min_length=1)
    event_time: Identifier
    start: date
    end: date | None = None
    schedule: Cron = "0 0 * * *"
    columns: Annotated[dict[Identifier, ColumnType], AfterValidator(_check_columns)]
    contract: list[Expectation] = Field(min_length=1)
    budgets: Budgets
    arrival: Arrival | None = None
    lateness: Days | None = None
    checks: Annotated[list[Check], AfterValidator(checks_named_once)] = []

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
        problems += self._misfits()
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
        if self.lateness is not None and self.holds_only_present:
            raise ValueError(
                "lateness: the source holds only its present state, so an earlier day cannot be read again"
            )
        unique = [check.columns for check in self.checks if check.check == "unique_across_partitions"]
        if any(self.event_time not in columns for columns in unique):
            raise ValueError("a state holds the same keys every day; leave out unique_across_partitions")
        if self.arrival is not None and self.arrival.until is Until.LATER_ROWS:
            raise ValueError("a state has no later rows to wait for; use `until: rows`")
        return self

    def has_day(self, day: date) -> bool:
        """Whether the source has rows for a day."""
        return self.start <= day and (self.end is None or day <= self.end)

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
        if last == date.max:
            raise FatalError(
                f"{last} is the last day of the calendar, so it never ends",
                where=where,
                next_step="name a day that the source has rows for",
            )

    def _misfits(self) -> Iterator[str]:
        for number, expectation in enumerate(self.contract):
            if self.columns.keys() >= set(expectation.columns):
                found = misfits(expectation, self.columns)
                yield from (f"contract[{number}]: {problem}" for problem in found)
        yield from check_misfits(self.checks, self.columns)

    def _mentions(self) -> Iterator[tuple[str, str]]:
        yield from (("key", column) for column in self.key)
        yield "event_time", self.event_time
        if not isinstance(self.source, SqlSource):
            yield from (("source", column) for column in self.source.named_columns)
        for number, expectation in enumerate(self.contract):
            yield from ((f"contract[{number}]", column) for column in expectation.columns)
        for number, check in enumerate(self.checks):
            yield from ((f"checks[{number}]", column) for column in check.columns)
