"""What operations on models answer."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from include.contracts.base import Contract


class RollbackResult(Contract):
    """What a rollback changed, or would change in a dry run.

    `rescored` are the nights that were scored again with the version that serves now.
    """

    model: str
    dry_run: bool
    from_version: int
    to_version: int
    effective_from: date
    reason: str
    rescored: list[date]
    ledger_entry: int | None = None


class RetirementResult(Contract):
    """What a retirement changed, or would change in a dry run."""

    model: str
    dry_run: bool
    versions: list[int]
    archive: str | None
    reason: str
    ledger_entry: int | None = None


class Reproduced(StrEnum):
    """How near a rebuilt version came to the registered one."""

    BIT_EQUAL = "bit-equal"
    METRIC_EQUAL = "metric-equal"
    DIFFERENT = "different"


class ReproductionResult(Contract):
    """What became of building a registered version again.

    `differences` say in words what was not equal: files, scores, metrics, code, packages, seed.
    `largest_score_difference` is None where other rows were scored.
    """

    model: str
    version: int
    verdict: Reproduced
    registered_sha256: str
    rebuilt_sha256: str
    largest_score_difference: float | None
    metrics: dict[str, float]
    registered_metrics: dict[str, float]
    differences: list[str]
    report: str
    ledger_entry: int | None = None
