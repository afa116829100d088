"""Checks that hold a partition against others: volume, freshness, uniqueness, foreign keys, outliers.

A contract looks at rows by themselves; these look around. They see earlier days only, so that a night
and a history load come to the same verdict; a foreign key sees the referenced dataset's same day too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from include.specs.column_type import NUMERIC, TEMPORAL, ColumnType
from include.specs.fields import Days, Duration, Identifier, Name, SpecModel, duration_text


def _listed_once(value: list[str]) -> list[str]:
    if twice := sorted({name for name in value if value.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return value


Columns = Annotated[list[Identifier], AfterValidator(_listed_once), Field(min_length=1)]
PartitionSeverity = Literal["block", "warn"]
RowSeverity = Literal["block", "quarantine", "warn"]


class VolumeCheck(SpecModel):
    """The number of rows lies near the median of the same weekday's in the weeks before.

    `min_history` is the number of such days below which the check does not judge.
    """

    check: Literal["volume"]
    severity: PartitionSeverity
    weeks: int = Field(default=8, ge=2, le=104)
    min_history: int = Field(default=4, ge=2)
    min_share: float | None = Field(default=0.5, gt=0, lt=1)
    max_share: float | None = Field(default=2.0, gt=1)

    @property
    def rule(self) -> str:
        """The check's name in reports and messages."""
        return f"rows near those of the same weekday in the {self.weeks} weeks before"

    @property
    def columns(self) -> list[str]:
        """The columns the check reads."""
        return []

    @model_validator(mode="after")
    def _can_judge(self) -> Self:
        if self.min_share is None and self.max_share is None:
            raise ValueError("volume needs min_share or max_share")
        if self.min_history > self.weeks:
            raise ValueError(f"min_history {self.min_history} is more than weeks {self.weeks}")
        return self


class FreshnessCheck(SpecModel):
    """The newest value of a date or timestamp column is not older than `max_age` at the day's end."""

    check: Literal["freshness"]
    severity: PartitionSeverity
    column: Identifier
    max_age: Duration

    @property
    def rule(self) -> str:
        """The check's name in reports and messages."""
        return f"newest {self.column} within {duration_text(self.max_age)} of the day's end"

    @property
    def columns(self) -> list[str]:
        """The columns the check reads."""
        return [self.column]


class UniqueAcrossPartitionsCheck(SpecModel):
    """No row's `columns` stand in a clean row of the `days` days before."""

    check: Literal["unique_across_partitions"]
    severity: RowSeverity
    columns: Columns
    days: Days

    @property
    def rule(self) -> str:
        """The check's name in quarantine, reports and messages."""
        return f"{', '.join(self.columns)} not seen in the {self.days} days before"


class ForeignKeyCheck(SpecModel):
    """Each row's `columns`, where none is missing, stand in a clean row of another dataset.

    Looked at are the `days` days of that dataset that end with the partition's own day.
    """

    check: Literal["foreign_key"]
    severity: RowSeverity
    columns: Columns
    dataset: Name
    references: Columns
    days: Days

    @property
    def rule(self) -> str:
        """The check's name in quarantine, reports and messages."""
        return f"{', '.join(self.columns)} found in {self.dataset} ({', '.join(self.references)})"

    @model_validator(mode="after")
    def _columns_pair_up(self) -> Self:
        if len(self.columns) != len(self.references):
            raise ValueError(
                f"columns names {len(self.columns)} column(s) and references {len(self.references)}"
            )
        return self


class OutliersCheck(SpecModel):
    """A number lies within `mads` median absolute deviations of the median of the `days` days before.

    `min_history` is the number of earlier values below which the check does not judge.
    """

    check: Literal["outliers"]
    severity: RowSeverity
    column: Identifier
    days: Days
    mads: float = Field(default=10.0, gt=0)
    min_history: int = Field(default=100, ge=2)

    @property
    def rule(self) -> str:
        """The check's name in quarantine, reports and messages."""
        return f"{self.column} within {self.mads:g} deviations of the {self.days} days before"

    @property
    def columns(self) -> list[str]:
        """The columns the check reads."""
        return [self.column]


PartitionCheck: TypeAlias = VolumeCheck | FreshnessCheck
RowCheck: TypeAlias = UniqueAcrossPartitionsCheck | ForeignKeyCheck | OutliersCheck
Check: TypeAlias = Annotated[PartitionCheck | RowCheck, Field(discriminator="check")]


def checks_named_once(value: list[Any]) -> list[Any]:
    """Refuse two checks of one name: quarantine and reports could not tell them apart."""
    names = [check.rule for check in value]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"stands twice: {'; '.join(twice)}")
    return value


def misfits(checks: Sequence[Check], columns: Mapping[str, ColumnType]) -> Iterator[str]:
    """Yield what is wrong with checks of declared columns: a type that the check cannot work with."""
    for number, check in enumerate(checks):
        for name in check.columns:
            kind = columns.get(name)
            if kind is None:
                continue
            if isinstance(check, OutliersCheck) and kind not in NUMERIC:
                yield f"checks[{number}] looks for outliers in {name!r}, which is a {kind}, not a number"
            if isinstance(check, FreshnessCheck) and kind not in TEMPORAL:
                yield f"checks[{number}] asks how fresh {name!r} is: a {kind}, not a date or timestamp"
