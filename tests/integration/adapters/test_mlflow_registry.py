"""The registry's edges: what is absent, and a server that does not answer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from include.adapters import mlflow_registry
from include.errors import SourceUnavailableError
from include.local.ports import free_port
from include.settings import Settings
from tests.support.churn import Churn

pytestmark = pytest.mark.integration


@pytest.fixture
def model() -> str:
    return f"demo_{uuid4().hex[:12]}"


def test_an_unknown_model_has_no_version_and_no_champion(settings: Settings, model: str) -> None:
    assert mlflow_registry.find_version(settings, model, "key") is None
    assert mlflow_registry.champion_alias(settings, model) is None


def test_moving_the_alias_keeps_the_previous_one(settings: Settings) -> None:
    churn = Churn(settings)
    first, second = churn.register(0).version, churn.register(1).version
    for version in (first, second, second):
        mlflow_registry.move_champion(settings, churn.model, version)
    with mlflow_registry.mlflow_client(settings) as client:
        aliases = [mlflow_registry.read_alias(client, churn.model, a) for a in ("champion", "previous")]
    assert aliases == [second, first]


def test_a_server_that_is_down_may_be_retried(settings: Settings, model: str) -> None:
    down = settings.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        mlflow_registry.find_version(down, model, "key")
