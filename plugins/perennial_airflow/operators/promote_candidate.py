"""Decide whether a candidate serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import EvaluationRef
from perennial_airflow import run_context
from perennial_airflow.assets import evaluation
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class PromoteCandidateOperator(PerennialOperator):
    """Record the decision on the announced evidence and, if it says so, move the alias."""

    operator_extra_links = (MlflowRunLink(),)

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `PromotionResult`."""
        from include.steps import promote_candidate

        event = run_context.required_event(context, evaluation(self.model), self.model)
        evidence = EvaluationRef.from_json(event)
        self.link_mlflow(evidence.candidate.run_id)
        result = promote_candidate.run(self.settings(), self.model, evidence)
        return result.to_json()
