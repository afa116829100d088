"""Evaluations of versions that are registered for real, judged as a test needs them."""

from __future__ import annotations

from datetime import date

from include.contracts import (
    CandidateRef,
    ChampionRef,
    Decision,
    EvaluationRef,
    MetricEstimate,
    SnapshotRef,
    Verdict,
)
from include.specs import Specs
from include.specs.gates import Approval
from tests.support.churn import Churn

AS_OF = date(2017, 5, 1)


def judged(
    churn: Churn,
    version: ChampionRef,
    *,
    as_of: date = AS_OF,
    champion: int | None = None,
    verdict: Verdict = Verdict.PASSED,
    requested_by: str | None = None,
) -> EvaluationRef:
    """Return an evaluation of a registered version against the champion of that number."""
    snapshot = SnapshotRef(
        model=churn.model, as_of=as_of, tag=version.snapshot_tag, commit="c" * 40,
        content_hash=version.snapshot_hash, listings={"customers": "m" * 32}, partitions=30, rows=6000,
        first=date(2017, 4, 1), requested_by=requested_by,
    )  # fmt: skip
    candidate = CandidateRef(
        model=churn.model, version=version.version, run_id=version.run_id, as_of=as_of,
        artifact_sha256=version.artifact_sha256, snapshot=snapshot,
    )  # fmt: skip
    decisions = [
        Decision(
            gate="absolute.roc_auc_score", verdict=verdict, reasons=["roc_auc_score is 0.8"],
            observed={"roc_auc_score": 0.8}, thresholds={"roc_auc_score": 0.7},
        ),
        Decision(gate="versus_champion", verdict=Verdict.PASSED, reasons=["no champion yet"]),
    ]  # fmt: skip
    estimates = {"roc_auc_score": MetricEstimate(value=0.8, lower=0.78, upper=0.82)}
    return EvaluationRef(
        candidate=candidate, champion_version=champion, holdout_first=date(2017, 4, 17),
        holdout_last=date(2017, 4, 30), holdout_rows=2800, metrics=estimates,
        champion_metrics=estimates if champion else {}, decisions=decisions,
    )  # fmt: skip


def with_approval(churn: Churn, *approvers: str) -> Specs:
    """Return the model's specs with manual approval."""
    specs, model = churn.specs, churn.model
    manual = Approval(mode="manual", approvers=list(approvers), expires="2d")
    gates = specs.model(model).gates.model_copy(update={"approval": manual})
    spec = specs.model(model).model_copy(update={"gates": gates})
    return Specs(datasets=specs.datasets, models={model: spec})
