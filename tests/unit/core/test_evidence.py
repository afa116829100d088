"""Evidence is named by all it says."""

from __future__ import annotations

from datetime import date

import pytest

from include.contracts import CandidateRef, Decision, EvaluationRef, MetricEstimate, SnapshotRef, Verdict
from include.core.evidence import evidence_sha256

SNAPSHOT = SnapshotRef(
    model="churn", as_of=date(2024, 3, 1), tag="t", commit="c", content_hash="h", listings={},
    partitions=1, rows=1,
)  # fmt: skip
EVIDENCE = EvaluationRef(
    candidate=CandidateRef(
        model="churn", version=2, run_id="r", as_of=date(2024, 3, 1), artifact_sha256="a", snapshot=SNAPSHOT
    ),
    champion_version=1,
    holdout_first=date(2024, 2, 1),
    holdout_last=date(2024, 2, 7),
    holdout_rows=100,
    metrics={"roc_auc_score": MetricEstimate(value=0.8)},
    champion_metrics={},
    decisions=[Decision(gate="g", verdict=Verdict.PASSED, reasons=["because"])],
)


def test_equal_evidence_has_one_name_also_after_a_journey() -> None:
    assert evidence_sha256(EvaluationRef.from_json(EVIDENCE.to_json())) == evidence_sha256(EVIDENCE)


@pytest.mark.parametrize(
    "change",
    [
        {"champion_version": 3},
        {"metrics": {"roc_auc_score": MetricEstimate(value=0.81)}},
        {"decisions": []},
        {"holdout_rows": 101},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_numbers_are_other_evidence(change: dict[str, object]) -> None:
    assert evidence_sha256(EVIDENCE.model_copy(update=change)) != evidence_sha256(EVIDENCE)
