"""Hold a partition against its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import PartitionRef
from perennial_airflow.assets import clean_partition
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import QuarantineLink, ValidationResultLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class ValidatePartitionOperator(PerennialOperator):
    """Split a partition into clean rows and quarantine, and announce it."""

    uses_warehouse = False
    template_fields = ("partition",)
    operator_extra_links = (ValidationResultLink(), QuarantineLink())

    def __init__(self, *, partition: Any, **options: Any) -> None:
        super().__init__(**options)
        self.partition = partition

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `CleanPartitionRef`."""
        from include.steps import review_quarantine, validate_partition

        partition = PartitionRef.from_json(self.partition)
        settings, specs = self.settings(), self.specs()
        clean = validate_partition.run(settings, specs, partition, context["dag_run"].run_id)
        self.link_report(clean.report)
        self.link_page(QuarantineLink, review_quarantine.run(settings, specs, clean.dataset, clean.ds))
        context["outlet_events"][clean_partition(clean.dataset)].extra = clean.to_json()
        return clean.to_json()
