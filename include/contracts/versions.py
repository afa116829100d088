"""What training, judging and promoting hand on."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from include.contracts.base import Contract
from include.contracts.partitions import SnapshotRef


class CandidateRef(Contract):
    """A registered model version that nothing serves yet."""

    model: str
    version: int
    run_id: str
    as_of: date
    artifact_sha256: str
    snapshot: SnapshotRef


class Verdict(StrEnum):
    """What a gate may answer."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


class Decision(Contract):
    """The recorded verdict of one gate."""

    gate: str
    verdict: Verdict
    reasons: list[str]
    observed: dict[str, float | int | str | None] = Field(default_factory=dict)
    thresholds: dict[str, float | int | str | None] = Field(default_factory=dict)


class MetricEstimate(Contract):
    """A metric on some rows with the interval of its true value; bounds are None where there is none."""

    value: float
    lower: float | None = None
    upper: float | None = None


class EvaluationRef(Contract):
    """Candidate and champion judged on the same holdout.

    `report` is the page with the evidence, relative to the reports' root.
    """

    candidate: CandidateRef
    champion_version: int | None
    holdout_first: date
    holdout_last: date
    holdout_rows: int
    metrics: dict[str, MetricEstimate]
    champion_metrics: dict[str, MetricEstimate]
    decisions: list[Decision]
    report: str | None = None


class PromotionPlan(Contract):
    """What follows from an evaluation: whether the gates agree, and whether a person must agree too.

    `evidence_sha256` names the evaluation: an answer to other evidence is no answer to this one.
    """

    model: str
    version: int
    allowed: bool
    needs_approval: bool
    reasons: list[str]
    evidence_sha256: str
    requested_by: str | None = None


class ApprovalRef(Contract):
    """A person's answer to a promotion plan, or that nobody answered in time (`by` is None then)."""

    model: str
    version: int
    evidence_sha256: str
    approved: bool
    by: str | None
    reason: str


class PromotionResult(Contract):
    """Whether a candidate became champion, and why.

    `ledger_entry` is the number of the entry that recorded it; `semantic_version` and the model card's page
    `card`, relative to the reports' root, are None where it was not promoted.
    """

    model: str
    version: int
    promoted: bool
    previous_version: int | None
    effective_from: date
    reasons: list[str]
    semantic_version: str | None = None
    approved_by: str | None = None
    ledger_entry: int | None = None
    card: str | None = None


class ChampionRef(Contract):
    """The one model version a run scores with."""

    model: str
    version: int
    run_id: str
    effective_from: date
    artifact_sha256: str
    snapshot_tag: str
    snapshot_hash: str


class SearchPlan(Contract):
    """A search that was opened for a training: its trials are numbered from 0.

    Those from number `first_trials` on are pruned by what the ones before came to.
    """

    model: str
    study: str
    run_id: str
    trials: int
    first_trials: int = 0


class TrialResult(Contract):
    """What one trial of a search came to; `value` is None unless it is complete.

    `state` is `complete`, `pruned`, `failed` or `skipped`, and `reason` says why of the last two.
    """

    study: str
    trial: int
    state: str
    value: float | None
    params: dict[str, bool | int | float | str]
    seconds: float
    reason: str | None = None
