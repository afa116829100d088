"""Read one day of a source into the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class IngestPartitionOperator(PerennialOperator):
    """Write the partition of `dataset` the run works for."""

    uses_warehouse = False

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(**options)
        self.dataset = dataset

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `PartitionRef`."""
        from include.steps import ingest_partition

        specs = self.specs()
        settings = self.settings(specs.dataset(self.dataset).source.connection)
        day = run_context.partition_day(context)
        # What the source holds now is not what it held on the days of a backfill.
        now = None if run_context.is_backfill(context) else datetime.now(UTC)
        return ingest_partition.run(settings, specs, self.dataset, day, read_at=now).to_json()
