"""Take a model out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class RetireModelOperator(PerennialOperator):
    """Archive `model` and stop its predictions and its weekly check."""

    works_with_models = True

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `RetirementResult`."""
        from include.steps import retire_model

        params = context["params"]
        return retire_model.run(
            self.settings(),
            self.model,
            request=context["dag_run"].run_id,
            reason=params["reason"],
            actor=run_context.requested_by(context),
            dry_run=params["dry_run"],
        ).to_json()
