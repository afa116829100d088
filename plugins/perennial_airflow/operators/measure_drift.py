"""Compare a week with what the champion was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import DriftReportLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class MeasureDriftOperator(PerennialOperator):
    """Measure the week that begins with the run's day and write its report."""

    operator_extra_links = (DriftReportLink(),)

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `DriftResult`."""
        from include.steps import measure_drift

        first = run_context.partition_day(context)
        result = measure_drift.run(self.settings(), self.specs(), self.model, first)
        self.link_report(result.report)
        return result.to_json()
