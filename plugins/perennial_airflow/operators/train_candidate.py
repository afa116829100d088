"""Fit and register a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import SnapshotRef
from include.errors import FatalError
from perennial_airflow import runtime
from perennial_airflow.assets import snapshot
from perennial_airflow.base import PerennialOperator
from perennial_airflow.links import MlflowRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context


class TrainCandidateOperator(PerennialOperator):
    """Train `model` on the snapshot that was announced."""

    works_with_models = True
    operator_extra_links = (MlflowRunLink(),)

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `CandidateRef`."""
        from include.steps import train_candidate

        candidate = train_candidate.run(
            self.settings(),
            self.specs(),
            self.model,
            self._snapshot(context),
            runtime.code_commit(),
            runtime.lock_sha256(),
        )
        self.link_mlflow(candidate.run_id)
        return candidate.to_json()

    def _snapshot(self, context: Context) -> SnapshotRef:
        event = runtime.newest_event(context, snapshot(self.model))
        if event is None:
            raise FatalError(
                "this run was not started by a snapshot, so there is nothing to train on",
                where=self.dag_id,
                next_step=f'trigger {self.model}__snapshot with {{"as_of": "YYYY-MM-DD"}}; training follows',
            )
        return SnapshotRef.from_json(event)
