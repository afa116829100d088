"""Reaching the MLflow server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# MLflow reads these when it is imported or called: no telemetry, and a server that is down is
# reported within seconds, because Airflow does the patient retrying.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from include.errors import SourceUnavailableError
from include.settings import Settings

_SERVER_ERROR = 500
_UNANSWERED = ("failed with exception", "timed out", "Max retries exceeded")


@contextmanager
def mlflow_client(settings: Settings) -> Iterator[MlflowClient]:
    """Give a client of the installation's MLflow server.

    Raises
    ------
    SourceUnavailableError
        When the server does not answer, or answers that it is broken.
    """
    address = settings.mlflow_tracking_uri
    try:
        yield MlflowClient(tracking_uri=address, registry_uri=address)
    except (MlflowException, requests.RequestException) as error:
        if not _is_outage(error):
            raise
        raise SourceUnavailableError(
            f"MLflow does not answer: {str(error).splitlines()[0][:200]}",
            where=address,
            next_step="check that the MLflow server runs and that this worker reaches it",
        ) from error


def _is_outage(error: MlflowException | requests.RequestException) -> bool:
    if isinstance(error, RestException):
        return int(error.get_http_status_code()) >= _SERVER_ERROR
    if isinstance(error, MlflowException):
        return any(mark in str(error) for mark in _UNANSWERED)
    answer = error.response
    return answer is None or answer.status_code >= _SERVER_ERROR
