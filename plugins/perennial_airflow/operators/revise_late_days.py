"""Bring rows that came late into the partitions of earlier days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReviseLateDaysOperator(PerennialOperator):
    """Read the days of `dataset` again that lie within its `lateness` before the night's own."""

    uses_warehouse = False

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(**options)
        self.dataset = dataset

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `HistoryResult`; only scheduled nights look back."""
        from include.steps import revise_late_days

        if context["dag_run"].run_type != "scheduled":
            raise AirflowSkipException(
                "only scheduled nights look for late rows: this run is for its own day"
            )
        specs = self.specs()
        settings = self.settings(specs.dataset(self.dataset).source.connection)
        day = run_context.partition_day(context)
        result = revise_late_days.run(settings, specs, self.dataset, day, context["dag_run"].run_id)
        if result is None:
            raise AirflowSkipException("there is no earlier day that could have late rows")
        return result.to_json()
