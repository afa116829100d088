"""Choose the one version a run scores with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from include.errors import NoChampionError
from perennial_airflow import run_context
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PinChampionOperator(PerennialOperator):
    """Resolve the champion once, so that a retry of the scoring cannot meet another one.

    Without any champion the night is skipped: nothing is broken, nothing serves yet, or not any more.
    """

    def __init__(self, *, model: str, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return a `ChampionRef`."""
        from include.steps import pin_champion

        day = run_context.partition_day(context)
        try:
            return pin_champion.run(self.settings(), self.model, day, context["params"]["champion"]).to_json()
        except NoChampionError as error:
            raise AirflowSkipException(str(error)) from error
