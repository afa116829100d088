"""Let a version that served before serve again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class RollbackChampionOperator(PerennialOperator):
    """Put an earlier version of `model` back into service; the run's parameters say which."""

    works_with_models = True

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `RollbackResult`."""
        from include.steps import rollback_champion

        params, day = context["params"], context["params"]["effective_from"]
        where = f"{self.dag_id}, parameter `effective_from`"
        return rollback_champion.run(
            self.settings(),
            self.specs(),
            self.model,
            request=context["dag_run"].run_id,
            reason=params["reason"],
            actor=run_context.requested_by(context),
            version=params["version"],
            effective_from=run_context.parse_day(day, where) if day else None,
            rescore=params["rescore"],
            dry_run=params["dry_run"],
        ).to_json()
