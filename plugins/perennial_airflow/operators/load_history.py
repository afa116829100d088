"""Read many days of a source in one bounded job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class LoadHistoryOperator(PerennialOperator):
    """Write and validate all partitions of `dataset` between the parameters `first` and `last`."""

    uses_warehouse = False

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(**options)
        self.dataset = dataset

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `HistoryResult`."""
        from include.steps import load_history

        specs = self.specs()
        settings = self.settings(specs.dataset(self.dataset).source.connection)
        first, last = run_context.day_range(context, self.dag_id)
        run_id = context["dag_run"].run_id
        return load_history.run(settings, specs, self.dataset, first, last, run_id=run_id).to_json()
