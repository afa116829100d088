"""Say what follows from an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import EvaluationRef
from perennial_airflow import run_context
from perennial_airflow.assets import evaluation
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import EvidenceLink, MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class DecidePromotionOperator(PerennialOperator):
    """Add up the decisions of all gates on the announced evidence: may it serve, and must a person agree."""

    operator_extra_links = (EvidenceLink(), MlflowRunLink())

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `PromotionPlan`."""
        from include.steps import decide_promotion

        event = run_context.required_event(context, evaluation(self.model), self.model)
        evidence = EvaluationRef.from_json(event)
        self.link_mlflow(evidence.candidate.run_id)
        if evidence.report is not None:
            self.link_page(EvidenceLink, evidence.report)
        return decide_promotion.run(self.settings(), self.specs(), self.model, evidence).to_json()
