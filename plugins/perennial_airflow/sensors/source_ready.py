"""Wait for a day to arrive in its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSensorTimeout

from include.errors import SourceUnavailableError
from perennial_airflow import run_context, runtime

if TYPE_CHECKING:
    from airflow.sdk import Context


class SourceReadySensor(BaseSensorOperator):
    """True once the source of `dataset` has the run's day, in the sense of the spec's `arrival`."""

    ui_color = "#f3ead9"

    def __init__(self, *, dataset: str, **options: Any) -> None:
        super().__init__(mode="reschedule", **options)
        self.dataset = dataset

    def execute(self, context: Context) -> Any:
        """Look once; a wait that took too long says what did not come and what to do."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            day = run_context.partition_day(context)
            raise AirflowSensorTimeout(
                f"{self.dataset} {day} did not arrive: {self.found}, and arrival.timeout is over. Next:"
                " ask who fills the source; clear this task once it has the day, or raise the timeout in the"
                f" dataset's spec include/datasets/{self.dataset}.yaml"
            ) from None

    def poke(self, context: Context) -> bool:
        """Ask the source; one that does not answer is asked again."""
        from include.adapters.sources import open_source

        day = run_context.partition_day(context)
        spec = runtime.specs().dataset(self.dataset)
        spec.require_days(day, day)
        connections = [spec.source.connection] if spec.source.connection else []
        try:
            with open_source(runtime.settings(connections), spec) as source:
                readiness = source.is_ready(day)
        except SourceUnavailableError as error:
            self.found = str(error)
            self.log.warning("%s", error)
            return False
        self.found = readiness.reason
        self.log.info("%s %s: %s", self.dataset, day, readiness.reason)
        return readiness.ready
