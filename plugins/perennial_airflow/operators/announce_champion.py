"""Tell the rest of the world that another version serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from perennial_airflow.assets import champion
from perennial_airflow.base import PerennialOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class AnnounceChampionOperator(PerennialOperator):
    """Announce a new champion; skip where the candidate was refused, which is an answer, not a failure."""

    template_fields = ("promotion",)

    def __init__(self, *, promotion: Any, **options: Any) -> None:
        super().__init__(**options)
        self.promotion = promotion

    def run_step(self, context: Context) -> dict[str, Any]:
        """Return the promotion as it was given."""
        if not self.promotion["promoted"]:
            reasons = "; ".join(self.promotion["reasons"])
            raise AirflowSkipException(
                f"version {self.promotion['version']} was refused, the champion stays: {reasons}"
            )
        context["outlet_events"][champion(self.promotion["model"])].extra = self.promotion
        return dict(self.promotion)
