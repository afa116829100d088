"""Features computed as of the event, from rows that lie strictly before it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, PlainSerializer, model_validator

from include.specs.column_type import ColumnType
from include.specs.fields import Days, Identifier, Name, SpecModel

StoredDays = Annotated[Days, PlainSerializer(lambda days: f"{days}d", when_used="json-unless-none")]
"""Days that are stored the way a spec writes them, so that what was stored can be read as a spec again."""


class Aggregate(StrEnum):
    """What may be computed over the rows of a window."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"

    @property
    def of_numbers(self) -> bool:
        """Whether it takes numbers and truth values only."""
        return self not in {Aggregate.COUNT, Aggregate.COUNT_DISTINCT}


class Derived(SpecModel):
    """One feature, computed from the rows of a dataset that agree with the event in the `by` columns.

    Either `compute` over the rows of the `window` before the event, or the `latest` value of a column
    among the rows `within` that time before it. The event itself, and rows of its very moment, never
    count; where either dataset dates its events by day, rows of the event's day do not count.

    A window without rows has count 0 and sum 0; every other answer is then missing, and so is a
    standard deviation of fewer than two values. Values that are missing are left out; a row whose `by`
    is missing belongs to nobody. Numbers enter sums, means and deviations rounded to millionths: added
    up exactly, they give the same answer in whatever order rows are read.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    name: Identifier
    dataset: Name = Field(alias="from")
    by: list[Identifier] = Field(min_length=1)
    window: StoredDays | None = None
    compute: Aggregate | None = None
    column: Identifier | None = None
    latest: Identifier | None = None
    within: StoredDays | None = None

    @property
    def look_back(self) -> int:
        """How many days before the event are looked at."""
        return self.window or self.within or 0

    @property
    def reads(self) -> str | None:
        """The column whose values are used; None where rows are counted."""
        return self.column or self.latest

    def type_from(self, columns: dict[str, ColumnType]) -> ColumnType:
        """Return the feature's type, given the columns of the dataset it is computed from."""
        if self.compute in {Aggregate.COUNT, Aggregate.COUNT_DISTINCT}:
            return ColumnType.INTEGER
        if self.compute in {Aggregate.SUM, Aggregate.MEAN, Aggregate.STDDEV} or self.reads is None:
            return ColumnType.NUMBER
        return columns[self.reads]

    @model_validator(mode="after")
    def _one_way_to_compute(self) -> Self:
        window = {"window", "compute", "column"} & self._given()
        latest = {"latest", "within"} & self._given()
        if window and latest:
            raise ValueError(f"{min(latest)} does not go with {min(window)}; take one of the two")
        if not (window or latest) or 0 < len(latest) < 2:
            raise ValueError("write `window` and `compute`, or `latest` and `within`")
        if window and not {"window", "compute"} <= window:
            raise ValueError("a window needs `window`, such as 90d, and `compute`, such as count")
        if window and self.column is None and self.compute is not Aggregate.COUNT:
            raise ValueError(f"{self.compute} needs the `column` whose values it takes")
        return self

    @model_validator(mode="after")
    def _by_named_once(self) -> Self:
        if twice := sorted({name for name in self.by if self.by.count(name) > 1}):
            raise ValueError(f"by: named twice: {', '.join(twice)}")
        return self

    def _given(self) -> set[str]:
        return {name for name in self.model_fields_set if getattr(self, name) is not None}


def read_derived(document: Mapping[str, Any]) -> list[Derived]:
    """Return the derived features that a version was trained with, as its model info records them."""
    return [Derived.model_validate(one) for one in document.get("derived", [])]
