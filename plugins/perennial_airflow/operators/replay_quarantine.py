"""Hand quarantined rows out to a person, and take mended ones back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import QuarantineLink, RowsToMendLink, ValidationResultLink

if TYPE_CHECKING:
    from datetime import date

    from airflow.sdk import Context


class ReplayQuarantineOperator(PerennialOperator):
    """Export the quarantine of `dataset` between `first` and `last`, or replay the parameter `file`."""

    uses_warehouse = False
    operator_extra_links = (QuarantineLink(), RowsToMendLink(), ValidationResultLink())

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(**options)
        self.dataset = dataset

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `QuarantineExport` or a `ReplayResult`."""
        first, last = run_context.day_range(context, self.dag_id)
        if context["params"]["file"]:
            return self._replay(context, first, last)
        return self._export(first, last)

    def _export(self, first: date, last: date) -> dict[str, Any]:
        from include.steps import export_quarantine

        exported = export_quarantine.run(self.settings(), self.specs(), self.dataset, first, last)
        self.link_page(RowsToMendLink, exported.file)
        return exported.to_json()

    def _replay(self, context: Context, first: date, last: date) -> dict[str, Any]:
        from include.steps import replay_quarantine, review_quarantine

        settings, specs, params = self.settings(), self.specs(), context["params"]
        result = replay_quarantine.run(
            settings,
            specs,
            self.dataset,
            first,
            last,
            params["file"],
            params["reason"] or "",
            dry_run=params["dry_run"],
            run_id=context["dag_run"].run_id,
        )
        if not result.dry_run:
            self.link_page(QuarantineLink, review_quarantine.run(settings, specs, self.dataset, last))
        return result.to_json()
