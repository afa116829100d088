"""What all operators share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from include.errors import PerennialError
from perennial_airflow import runtime
from perennial_airflow.links import MlflowRunLink
from perennial_airflow.quiet_imports import import_skops

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.settings import Settings
    from include.specs import Specs


class PerennialOperator(BaseOperator):
    """Runs one step of Perennial; subclasses say which in `run_step`.

    The addresses of what a step made go into `self.link_urls`, from where the links take them.
    """

    ui_color = "#e3ecf7"
    uses_warehouse: ClassVar[bool] = True
    """Whether the step is given the warehouse's address."""
    works_with_models: ClassVar[bool] = False
    """Whether the step imports skops, directly or not."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step; a deliberate error first leaves the link to its result page."""
        self.link_urls: dict[str, str] = {}
        if self.works_with_models:
            import_skops()
        try:
            return self.run_step(context)
        except PerennialError as error:
            if "report" in error.facts:
                self.link_report(str(error.facts["report"]))
            raise

    def run_step(self, context: Context) -> dict[str, Any]:
        """Do the work and return what the next task needs."""
        raise NotImplementedError(f"{type(self).__name__} must say which step it runs")

    def settings(self, *connections: str) -> Settings:
        """Return the settings with the named source connections, and the warehouse where it is used."""
        return runtime.settings([*([runtime.WAREHOUSE] if self.uses_warehouse else []), *connections])

    def specs(self) -> Specs:
        """Return the specs as they are now."""
        return runtime.specs()

    def link_report(self, report: str) -> None:
        """Point the operator's report link to a page below the reports' root."""
        for link in self.operator_extra_links:
            if not isinstance(link, MlflowRunLink):
                self.link_urls[link.name] = runtime.report_url(report)

    def link_mlflow(self, run_id: str) -> None:
        """Point the operator's MLflow link to a run."""
        self.link_urls[MlflowRunLink.name] = runtime.mlflow_url(run_id)
