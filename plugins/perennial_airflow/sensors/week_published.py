"""Wait for the seven nights of a week."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from perennial_airflow import run_context, runtime
from perennial_airflow.in_service import skip_if_retired

if TYPE_CHECKING:
    from airflow.sdk import Context


class WeekPublishedSensor(BaseSensorOperator):
    """True once predictions of all seven nights are published; skipped where the model was retired."""

    ui_color = "#f3ead9"

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(mode="reschedule", **options)
        self.model = model

    def poke(self, context: Context) -> bool:
        """Look for nights without a publication."""
        from include.adapters.warehouse import WEEK, missing_nights

        first = run_context.partition_day(context)
        specs = runtime.specs()
        specs.dataset(specs.model(self.model).dataset).require_days(first, first + WEEK - timedelta(days=1))
        skip_if_retired(self.model)
        missing = missing_nights(runtime.settings([runtime.WAREHOUSE]), self.model, first)
        if missing:
            nights = ", ".join(map(str, missing))
            self.log.info("not published yet: %s; %s__predict publishes them", nights, self.model)
        return not missing
