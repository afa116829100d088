"""Score a partition and publish the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.contracts import ChampionRef
from perennial_airflow import run_context
from perennial_airflow.assets import predictions
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PredictPartitionOperator(PerennialOperator):
    """Publish the predictions of `model` for the run's partition in one transaction."""

    works_with_models = True
    template_fields = ("champion",)

    def __init__(self, *, model: str, champion: Any, **options: Any) -> None:
        super().__init__(**options)
        self.model = model
        self.champion = champion

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `PublicationRef`."""
        from include.steps import predict_partition

        publication = predict_partition.run(
            self.settings(),
            self.specs(),
            self.model,
            run_context.partition_day(context),
            ChampionRef.from_json(self.champion),
            context["run_id"],
        )
        context["outlet_events"][predictions(self.model)].extra = publication.to_json()
        return publication.to_json()
