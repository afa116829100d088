"""What the weekly check hands on."""

from __future__ import annotations

from datetime import date

from include.contracts.base import Contract


class FeatureDrift(Contract):
    """How far one feature moved from the reference profile."""

    feature: str
    statistic: str
    value: float
    threshold: float
    drifted: bool
    explanation: str


class DriftResult(Contract):
    """The weekly answer for one model."""

    model: str
    first: date
    last: date
    champion_version: int
    rows: int
    drifted: bool
    features: list[FeatureDrift]
    report: str
