"""Wait for a clean partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from perennial_airflow import run_context, runtime
from perennial_airflow.in_service import skip_if_retired

if TYPE_CHECKING:
    from airflow.sdk import Context


class PartitionReadySensor(BaseSensorOperator):
    """True once the run's partition of `dataset` has met its contract.

    Those of the datasets in `also` are waited for as well, where they have rows for that day. Nothing is
    waited for on behalf of a `model` that was retired: the night is skipped.
    """

    ui_color = "#f3ead9"

    def __init__(
        self, *, dataset: str, also: Sequence[str] = (), model: str | None = None, **options: Any
    ) -> None:
        super().__init__(mode="reschedule", **options)
        self.dataset = dataset
        self.also = also
        self.model = model

    def poke(self, context: Context) -> bool:
        """Look for the partitions' manifests."""
        from include.adapters.lake_manifests import clean_manifest

        day, specs = run_context.partition_day(context), runtime.specs()
        specs.dataset(self.dataset).require_days(day, day)
        also = [name for name in self.also if specs.dataset(name).has_day(day)]
        root = runtime.settings(()).lake_root
        missing = [name for name in [self.dataset, *also] if clean_manifest(root, name, day) is None]
        if missing and self.model is not None:
            skip_if_retired(self.model)
        for name in missing:
            self.log.info("partition %s of %s is not there yet; %s__ingest writes it", day, name, name)
        return not missing
