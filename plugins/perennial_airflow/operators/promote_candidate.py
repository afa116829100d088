"""Act on a promotion plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import ApprovalRef, EvaluationRef, PromotionPlan
from perennial_airflow import run_context
from perennial_airflow.assets import evaluation
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import MlflowRunLink, ModelCardLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class PromoteCandidateOperator(PerennialOperator):
    """Record the decisions on the announced evidence, and a person's `answer` to `plan` where one was asked.

    If all of them say so, the candidate becomes champion.
    """

    template_fields = ("plan", "answer")
    works_with_models = True
    operator_extra_links = (MlflowRunLink(), ModelCardLink())

    def __init__(self, *, model: str, plan: Any, answer: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.model = model
        self.plan = plan
        self.answer = answer

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `PromotionResult`."""
        from include.steps import promote_candidate

        event = run_context.required_event(context, evaluation(self.model), self.model)
        evidence = EvaluationRef.from_json(event)
        self.link_mlflow(evidence.candidate.run_id)
        result = promote_candidate.run(
            self.settings(), self.specs(), self.model, evidence, self._recorded_answer()
        )
        if result.card is not None:
            self.link_page(ModelCardLink, result.card)
        return result.to_json()

    def _recorded_answer(self) -> ApprovalRef | None:
        from include.steps import record_approval

        if self.answer is None:
            return None
        plan, answer = PromotionPlan.from_json(self.plan), ApprovalRef.from_json(self.answer)
        return record_approval.run(self.settings(), plan, answer.approved, answer.by, answer.reason)
