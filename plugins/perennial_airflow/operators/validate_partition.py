"""Hold a partition against its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import PartitionRef
from perennial_airflow.assets import clean_partition
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import ValidationResultLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class ValidatePartitionOperator(PerennialOperator):
    """Split a partition into clean rows and quarantine, and announce it."""

    uses_warehouse = False
    template_fields = ("partition",)
    operator_extra_links = (ValidationResultLink(),)

    def __init__(self, *, partition: Any, **options: Any) -> None:
        super().__init__(**options)
        self.partition = partition

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `CleanPartitionRef`."""
        from include.steps import validate_partition

        partition = PartitionRef.from_json(self.partition)
        clean = validate_partition.run(self.settings(), self.specs(), partition)
        self.link_report(clean.report)
        context["outlet_events"][clean_partition(clean.dataset)].extra = clean.to_json()
        return clean.to_json()
