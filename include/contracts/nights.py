"""What scoring and the weekly check hand on."""

from __future__ import annotations

from datetime import date

from include.contracts.base import Contract


class PublicationRef(Contract):
    """The published predictions of one model and partition."""

    model: str
    ds: date
    revision: int
    rows: int
    model_version: int
    content_hash: str
    changed: bool
    """False where the same answer was published before and nothing was written."""


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


class RetrainRequest(Contract):
    """A wish for a new version: what asked, why, and as of which day.

    `requested_by` is the person who started what asked, None where a schedule did.
    """

    model: str
    as_of: date
    source: str
    reason: str
    requested_by: str | None = None
