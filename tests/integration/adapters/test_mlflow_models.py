"""A version whose run is not the recorded one."""

from __future__ import annotations

import pytest

from include.adapters import mlflow_models
from include.errors import IntegrityError
from include.settings import Settings
from tests.support.churn import Churn

pytestmark = pytest.mark.integration


def test_a_version_of_another_run_is_refused(settings: Settings) -> None:
    churn = Churn(settings)
    champion = churn.register()
    with pytest.raises(IntegrityError, match="belongs to MLflow run"):
        mlflow_models.load_version(
            settings, champion.model, champion.version, "another", champion.artifact_sha256
        )
