"""What all operators share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from include.errors import PerennialError
from include.settings import SNAPSHOTS
from perennial_airflow import runtime
from perennial_airflow.links import MlflowRunLink, QuarantineLink, ResultLink, RowsToMendLink
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
    uses_snapshots: ClassVar[bool] = False
    """Whether the step is given the snapshot storage's credentials, where there are any."""
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

    def settings(self, *connections: str | None) -> Settings:
        """Return the settings with the named source connections, and the warehouse where it is used.

        None stands for a source that needs no connection, such as files on this machine.
        """
        named = [name for name in connections if name is not None]
        always = [runtime.WAREHOUSE] if self.uses_warehouse else []
        return runtime.settings([*always, *named], optional=[SNAPSHOTS] if self.uses_snapshots else [])

    def specs(self) -> Specs:
        """Return the specs as they are now."""
        return runtime.specs()

    def link_report(self, report: str) -> None:
        """Point the operator's report link to a page below the reports' root."""
        for link in self.operator_extra_links:
            if not isinstance(link, MlflowRunLink | QuarantineLink | RowsToMendLink):
                self.link_urls[link.name] = runtime.report_url(report)

    def link_page(self, link: type[ResultLink], page: str) -> None:
        """Point one of the operator's links to a page or file below the reports' root."""
        self.link_urls[link.name] = runtime.report_url(page)

    def link_mlflow(self, run_id: str) -> None:
        """Point the operator's MLflow link to a run."""
        self.link_urls[MlflowRunLink.name] = runtime.mlflow_url(run_id)
