"""Ask for a new version where the week gives a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from include.contracts import DriftResult
from perennial_airflow import run_context
from perennial_airflow.assets import retrain_request
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class RequestRetrainingOperator(PerennialOperator):
    """Announce a retrain request; skip, with the reason, where there is none to make."""

    template_fields = ("drift",)

    def __init__(self, *, model: str, drift: Any, **options: Any) -> None:
        super().__init__(**options)
        self.model = model
        self.drift = drift

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `RetrainRequest`."""
        from include.steps import request_retraining

        drift = DriftResult.from_json(self.drift)
        reason = self._reason_not_to(drift, context)
        if reason:
            raise AirflowSkipException(f"no retraining requested: {reason}")
        request = request_retraining.run(self.settings(), self.model, drift).model_copy(
            update={"requested_by": run_context.requested_by(context)}
        )
        context["outlet_events"][retrain_request(self.model)].extra = request.to_json()
        return request.to_json()

    def _reason_not_to(self, drift: DriftResult, context: Context) -> str | None:
        if not drift.drifted:
            return f"the week from {drift.first} looks like the champion's reference"
        if "drift" not in self.specs().model(self.model).retrain.on:
            return f"`retrain.on` of {self.model} does not list drift"
        if run_context.is_backfill(context):
            return "backfills never ask for retraining; trigger the run for this week instead"
        return None
