"""Build a registered version again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import provenance, run_context, runtime
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import ReproductionLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReproduceVersionOperator(PerennialOperator):
    """Fit a version of `model` again by its own commit's code and compare it with what is registered."""

    uses_snapshots = True
    works_with_models = True
    operator_extra_links = (ReproductionLink(),)

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `ReproductionResult`."""
        from include.steps import reproduce_version

        params = context["params"]
        code = reproduce_version.RunningCode(
            runtime.PROJECT_ROOT, provenance.code_commit(), provenance.lock_sha256()
        )
        result = reproduce_version.run(
            self.settings(),
            self.model,
            params["version"],
            params["seed"],
            code,
            request=context["dag_run"].run_id,
            actor=run_context.requested_by(context),
        )
        self.link_report(result.report)
        return result.to_json()
