"""Open a search for parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import SnapshotRef
from perennial_airflow import provenance, run_context
from perennial_airflow.assets import snapshot
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import MlflowRunLink, TrainingSetLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanSearchOperator(PerennialOperator):
    """Number the trials that search parameters for `model` on the snapshot that was announced."""

    uses_snapshots = True
    works_with_models = True
    operator_extra_links = (TrainingSetLink(), MlflowRunLink())

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `SearchPlan`."""
        from include.steps import plan_search
        from include.steps.check_training_set import page_of

        frozen = SnapshotRef.from_json(run_context.required_event(context, snapshot(self.model), self.model))
        plan = plan_search.run(
            self.settings(),
            self.specs(),
            self.model,
            frozen,
            provenance.code_commit(),
            provenance.lock_sha256(),
        )
        self.link_report(page_of(frozen))
        self.link_mlflow(plan.run_id)
        return plan.to_json()
