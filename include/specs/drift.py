"""How the weekly check decides that the data changed."""

from __future__ import annotations

from pydantic import Field

from include.specs.fields import Cron, Days, SpecModel


class Drift(SpecModel):
    """How the weekly check decides that the data changed.

    `false_alarm_rate` is the share of unchanged weeks in which any feature may be flagged;
    `minimum_effect` is the smallest population stability index worth a flag; `reference` is how
    many of the snapshot's newest days form the reference profile.
    """

    schedule: Cron
    reference: Days
    false_alarm_rate: float = Field(gt=0, lt=0.5)
    minimum_effect: float = Field(ge=0)
