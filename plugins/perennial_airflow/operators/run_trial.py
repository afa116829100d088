"""Run one trial of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from include.contracts import SearchPlan, SnapshotRef
from perennial_airflow import run_context
from perennial_airflow.assets import snapshot
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class RunTrialOperator(PerennialOperator):
    """Fit and score trial number `trial` of a plan; skip it where the search's budget is used up.

    A trial whose parameters fail, or that is pruned, is an answer: its task succeeds.
    """

    template_fields = ("plan", "trial")
    uses_snapshots = True
    works_with_models = True
    operator_extra_links = (MlflowRunLink(),)

    def __init__(self, *, plan: Any, trial: Any, **options: Any) -> None:
        super().__init__(**options)
        self.plan = plan
        self.trial = trial

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `TrialResult`."""
        from include.steps import run_trial

        plan = SearchPlan.from_json(self.plan)
        event = run_context.required_event(context, snapshot(plan.model), plan.model)
        result = run_trial.run(
            self.settings(), self.specs(), plan, SnapshotRef.from_json(event), int(self.trial)
        )
        if result.state == run_trial.SKIPPED:
            raise AirflowSkipException(result.reason)
        self.link_mlflow(plan.run_id)
        return result.to_json()
