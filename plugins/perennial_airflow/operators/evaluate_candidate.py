"""Judge a candidate beside the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import CandidateRef
from perennial_airflow.assets import evaluation
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import EvidenceLink, MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class EvaluateCandidateOperator(PerennialOperator):
    """Score candidate and champion on the same holdout and announce the evidence."""

    template_fields = ("candidate",)
    uses_snapshots = True
    works_with_models = True
    operator_extra_links = (EvidenceLink(), MlflowRunLink())

    def __init__(self, *, candidate: Any, **options: Any) -> None:
        super().__init__(**options)
        self.candidate = candidate

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return an `EvaluationRef`."""
        from include.steps import evaluate_candidate

        candidate = CandidateRef.from_json(self.candidate)
        self.link_mlflow(candidate.run_id)
        evidence = evaluate_candidate.run(self.settings(), self.specs(), candidate.model, candidate)
        if evidence.report is not None:
            self.link_page(EvidenceLink, evidence.report)
        context["outlet_events"][evaluation(candidate.model)].extra = evidence.to_json()
        return evidence.to_json()
