"""Freeze the partitions a model trains on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from include.errors import FatalError
from perennial_airflow import run_context
from perennial_airflow.assets import retrain_request, snapshot
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class FreezeSnapshotOperator(PerennialOperator):
    """Put the model's window of clean partitions under DVC, as of the requested day."""

    uses_warehouse = False
    uses_snapshots = True

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `SnapshotRef`."""
        from include.steps import freeze_snapshot

        verify = bool(context["params"].get("verify"))
        frozen = freeze_snapshot.run(
            self.settings(), self.specs(), self.model, self._as_of(context), verify=verify
        )
        asked = frozen.model_copy(update={"requested_by": self._requested_by(context)})
        context["outlet_events"][snapshot(self.model)].extra = asked.to_json()
        return asked.to_json()

    def _requested_by(self, context: Context) -> str | None:
        """Return who asked for the training: whoever triggered this run, or the check that asked for it."""
        request = run_context.newest_event(context, retrain_request(self.model))
        return request.get("requested_by") if request else run_context.requested_by(context)

    def _as_of(self, context: Context) -> date:
        request = run_context.newest_event(context, retrain_request(self.model))
        named = request.get("as_of") if request else context["params"]["as_of"]
        if not named:
            raise FatalError(
                "no day is named",
                where=f"{self.dag_id}, parameter `as_of`",
                next_step='trigger again with {"as_of": "YYYY-MM-DD"}: data before that day is used',
            )
        return run_context.parse_day(named, f"{self.dag_id}, `as_of`")
