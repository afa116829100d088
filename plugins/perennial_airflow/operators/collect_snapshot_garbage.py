"""Remove snapshots that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class CollectSnapshotGarbageOperator(PerennialOperator):
    """Remove tags and objects of the data registry that neither a model version nor the rule keeps."""

    uses_snapshots = True

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `GarbageResult`."""
        from include.steps import collect_snapshot_garbage

        params = context["params"]
        as_of = run_context.parse_day(params["as_of"], f"{self.dag_id}, parameter `as_of`")
        return collect_snapshot_garbage.run(
            self.settings(),
            as_of,
            newest=params["newest"],
            days=params["days"],
            dry_run=params["dry_run"],
        ).to_json()
