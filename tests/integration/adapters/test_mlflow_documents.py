"""Documents that are not there, and a server that does not answer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from include.adapters import mlflow_documents, mlflow_runs
from include.errors import IntegrityError, SourceUnavailableError
from include.local.ports import free_port
from include.settings import Settings

pytestmark = pytest.mark.integration


def test_a_missing_document_names_run_and_artifact(settings: Settings) -> None:
    run_id = mlflow_runs.start_run(settings, f"demo_{uuid4().hex[:12]}", "key", "name", {})
    with pytest.raises(IntegrityError, match=f"MLflow run {run_id}: artifact model_info.json"):
        mlflow_documents.read_model_info(settings, run_id)


def test_a_server_that_is_down_may_be_retried(settings: Settings) -> None:
    down = settings.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        mlflow_documents.read_model_info(down, "0" * 32)
