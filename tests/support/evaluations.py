"""Evaluations and plans for tests that need no trained model."""

from __future__ import annotations

from datetime import date
from typing import Any

from include.contracts import (
    CandidateRef,
    Decision,
    EvaluationRef,
    MetricEstimate,
    PromotionPlan,
    SnapshotRef,
    Verdict,
)

MODEL = "booking_cancellation"
AS_OF = date(2017, 5, 1)
HASH = "0" * 64


def evaluation(*, requested_by: str | None = None, **changes: Any) -> EvaluationRef:
    """Version 2 judged beside version 1, with one gate passed."""
    snapshot = SnapshotRef(
        model=MODEL, as_of=AS_OF, tag="booking_cancellation/2017-04-30-abc", commit="c", content_hash=HASH,
        listings={"bookings": "m"}, partitions=1, rows=2, requested_by=requested_by,
    )  # fmt: skip
    candidate = CandidateRef(
        model=MODEL, version=2, run_id="abc", as_of=AS_OF, artifact_sha256=HASH, snapshot=snapshot
    )
    passed = Decision(
        gate="absolute.roc_auc_score", verdict=Verdict.PASSED, reasons=["0.842 is at least 0.7"]
    )
    found = EvaluationRef(
        candidate=candidate, champion_version=1, holdout_first=date(2017, 3, 20),
        holdout_last=date(2017, 4, 16), holdout_rows=4210, decisions=[passed],
        report="booking_cancellation/evaluation/2.html",
        metrics={"roc_auc_score": MetricEstimate(value=0.8421, lower=0.8312, upper=0.853)},
        champion_metrics={"roc_auc_score": MetricEstimate(value=0.8308, lower=0.8196, upper=0.842)},
    )  # fmt: skip
    return found.model_copy(update=changes)


def plan(**changes: Any) -> PromotionPlan:
    """What follows from `evaluation`: it may serve, if a person agrees."""
    made = PromotionPlan(
        model=MODEL, version=2, allowed=True, needs_approval=True, reasons=["all gates passed"],
        evidence_sha256=HASH,
    )  # fmt: skip
    return made.model_copy(update=changes)
