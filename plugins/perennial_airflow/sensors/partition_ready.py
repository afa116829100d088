"""Wait for a clean partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from perennial_airflow import run_context, runtime

if TYPE_CHECKING:
    from airflow.sdk import Context


class PartitionReadySensor(BaseSensorOperator):
    """True once the run's partition of `dataset` has met its contract."""

    ui_color = "#f3ead9"

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(mode="reschedule", **options)
        self.dataset = dataset

    def poke(self, context: Context) -> bool:
        """Look for the partition's manifest."""
        from include.adapters.lake_manifests import clean_manifest

        day = run_context.partition_day(context)
        runtime.specs().dataset(self.dataset).require_days(day, day)
        found = clean_manifest(runtime.settings(()).lake_root, self.dataset, day) is not None
        if not found:
            self.log.info(
                "partition %s of %s is not there yet; %s__ingest writes it", day, self.dataset, self.dataset
            )
        return found
