"""Buttons on a task instance that lead to what the task made.

Airflow asks for a link in the task's own process right after `execute`, also when it failed, and
stores the answer. So an operator leaves the address in `self.link_urls` under the link's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator


class ResultLink(BaseOperatorLink):
    """Base of the links: reads the operator's own `link_urls`."""

    name = "Result"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002
        """Return the address, or nothing where the task made no such result."""
        urls: dict[str, str] = getattr(operator, "link_urls", {})
        return urls.get(self.name, "")


class ValidationResultLink(ResultLink):
    """To the page with the contract's verdict."""

    name = "Validation result"


class QuarantineLink(ResultLink):
    """To the page with what is in quarantine, and why."""

    name = "Quarantine"


class RowsToMendLink(ResultLink):
    """To the file with quarantined rows that a person may mend."""

    name = "Rows to mend"


class TrainingSetLink(ResultLink):
    """To the page that says who waits for maturity and what was searched for leaks."""

    name = "Training set"


class EvidenceLink(ResultLink):
    """To the page that shows how candidate and champion were judged."""

    name = "Evidence"


class ModelCardLink(ResultLink):
    """To the page that says what a version is for, can do and cannot."""

    name = "Model card"


class ReproductionLink(ResultLink):
    """To the page that compares a version with what was built again."""

    name = "Reproduction"


class DriftReportLink(ResultLink):
    """To the weekly report."""

    name = "Drift report"


class MlflowRunLink(ResultLink):
    """To the run in the MLflow web UI."""

    name = "MLflow run"
