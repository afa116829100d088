"""What is skipped once a model was taken out of service."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowSkipException

from include.errors import RetiredError
from perennial_airflow import runtime


def skip_if_retired(model: str) -> None:
    """Skip the task, with the reason, where its model was retired."""
    from include.steps import require_in_service

    try:
        require_in_service.run(runtime.settings([runtime.WAREHOUSE]), model)
    except RetiredError as error:
        raise AirflowSkipException(str(error)) from error
