"""What a training set is searched for before anything is fitted, and which findings are accepted."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from include.specs.fields import Identifier, SpecModel


class LeakageCheck(StrEnum):
    """The ways in which a training set may know more than the model will know at the event."""

    PREDICTS_LABEL = "predicts_label"
    KNOWN_AFTER_EVENT = "known_after_event"
    DATED_AFTER_EVENT = "dated_after_event"
    ALTERED_LATER = "altered_later"
    ENTITY_ACROSS_SPLIT = "entity_across_split"
    DUPLICATES_ACROSS_SPLIT = "duplicates_across_split"
    ROW_KEY_ACROSS_SPLIT = "row_key_across_split"

    @property
    def of_a_column(self) -> bool:
        """Whether a finding names one feature."""
        return self in _OF_A_COLUMN


_OF_A_COLUMN = {
    LeakageCheck.PREDICTS_LABEL,
    LeakageCheck.KNOWN_AFTER_EVENT,
    LeakageCheck.DATED_AFTER_EVENT,
    LeakageCheck.ALTERED_LATER,
}


class Waiver(SpecModel):
    """A finding that is right as it is. It is still computed, shown and recorded with the run."""

    check: LeakageCheck
    column: Identifier | None = None
    reason: str = Field(min_length=10)

    @model_validator(mode="after")
    def _names_what_the_check_finds(self) -> Self:
        if self.check is LeakageCheck.ROW_KEY_ACROSS_SPLIT:
            raise ValueError(f"{self.check} cannot be waived: the same row would train and judge")
        if self.check.of_a_column and self.column is None:
            raise ValueError(f"a waiver of {self.check} names the `column` it is for")
        if not self.check.of_a_column and self.column is not None:
            raise ValueError(f"{self.check} concerns whole rows: leave `column` out")
        return self


class Leakage(SpecModel):
    """From where on the training set is suspected; the defaults are argued in docs/adr/0010.

    `suspicious_score` is the ROC AUC that no feature may reach by itself. `decided_share` is the
    share of rows that one feature may decide, by values that only ever come with one label.
    `duplicate_share` is the share of a later part's rows that may have a twin in an earlier part,
    twins that chance explains left out. `altered_share` is the share of rows that may have been
    altered in a column after their partition was first written. `entity` names the columns whose
    values must not appear in two parts.
    """

    suspicious_score: float = Field(default=0.95, gt=0.5, le=1)
    decided_share: float = Field(default=0.02, gt=0, le=1)
    duplicate_share: float = Field(default=0.05, ge=0, le=1)
    altered_share: float = Field(default=0.05, ge=0, le=1)
    entity: list[Identifier] = []
    waivers: list[Waiver] = []

    @model_validator(mode="after")
    def _waived_once(self) -> Self:
        named = [(waiver.check, waiver.column) for waiver in self.waivers]
        twice = sorted({" of ".join(filter(None, item)) for item in named if named.count(item) > 1})
        if twice:
            raise ValueError(f"waived twice: {', '.join(twice)}")
        return self
