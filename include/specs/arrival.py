"""How a dataset's day is waited for: what must be there, how long, how often to look."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from include.specs.fields import Duration, SpecModel


class Until(StrEnum):
    """What tells that the source has a day."""

    ROWS = "rows"
    LATER_ROWS = "later_rows"


class Arrival(SpecModel):
    """Wait before a day is read.

    `rows`: until the source has something of the day. `later_rows`: until it has a row of a later day,
    which in a source that is filled in order of time means that the day is complete.
    """

    until: Until
    timeout: Duration = Field(default=timedelta(hours=6))
    check_every: Duration = Field(default=timedelta(minutes=5))

    @model_validator(mode="after")
    def _looks_more_than_once(self) -> Self:
        if self.check_every > self.timeout:
            raise ValueError(f"check_every {self.check_every} is longer than timeout {self.timeout}")
        return self
