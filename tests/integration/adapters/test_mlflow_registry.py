"""The registry's edges: what is absent, and a server that does not answer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from include.adapters import mlflow_registry
from include.errors import IntegrityError, SourceUnavailableError
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


def aliases(settings: Settings, model: str) -> list[int | None]:
    with mlflow_registry.mlflow_client(settings) as client:
        return [mlflow_registry.read_alias(client, model, alias) for alias in ("champion", "previous")]


def test_aliases_point_where_they_are_told_and_are_taken_away(settings: Settings) -> None:
    churn = Churn(settings)
    first, second = churn.register(0).version, churn.register(1).version
    wanted = [(first, None), (second, first), (second, first), (first, second), (None, first)]
    for champion, previous in wanted:
        mlflow_registry.point_aliases(settings, churn.model, champion, previous)
        assert aliases(settings, churn.model) == [champion, previous]
    mlflow_registry.point_aliases(settings, churn.model, second, 99)
    assert aliases(settings, churn.model) == [second, None]


def test_a_version_keeps_the_entry_that_it_was_tagged_with(settings: Settings) -> None:
    churn = Churn(settings)
    version = churn.register(0).version
    tags = {mlflow_registry.LEDGER_ENTRY_TAG: mlflow_registry.ledger_mark(7, "a" * 64)}
    for _ in range(2):
        mlflow_registry.tag_version(settings, churn.model, version, tags)

    assert mlflow_registry.ledger_tags(settings, churn.model) == {(churn.model, version): ("7", "a" * 64)}
    assert tags.items() <= mlflow_registry.read_tags(settings, churn.model, version).items()
    assert mlflow_registry.ledger_tags(settings, "unknown") == {}
    with pytest.raises(IntegrityError, match="does not have this version"):
        mlflow_registry.tag_version(settings, churn.model, 99, tags)


def test_a_server_that_is_down_may_be_retried(settings: Settings, model: str) -> None:
    down = settings.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(SourceUnavailableError, match="MLflow does not answer"):
        mlflow_registry.find_version(down, model, "key")
