"""Training and promotion are killed and repeated: one version, and alias and warehouse agree."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient

from include.adapters import mlflow_models, mlflow_registry, warehouse
from include.contracts import Contract, EvaluationRef, Verdict
from include.settings import Settings
from include.steps import evaluate_candidate, freeze_snapshot, promote_candidate, train_candidate
from tests.support.churn import settings_document
from tests.support.killing import start_driver
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.faults

AS_OF = FIRST + timedelta(days=60)
LATER = AS_OF + timedelta(days=7)


@pytest.fixture(scope="module")
def filled(module_settings: Settings) -> Settings:
    Shop(module_settings).write_days(FIRST, LATER - timedelta(days=1))
    return module_settings


@pytest.fixture
def client(module_settings: Settings) -> MlflowClient:
    address = module_settings.mlflow_tracking_uri
    return MlflowClient(address, address)


def kill(shop: Shop, evidence: Contract, moment: str) -> None:
    """Run the step in a process of its own that is killed at the moment."""
    settings = settings_document(shop.settings)
    document = {"settings": settings, "model": shop.model, "evidence": evidence.to_json()}
    process = start_driver(Path(__file__).with_name("model_driver.py"), moment, document)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, errors


@pytest.mark.parametrize(
    ("moment", "registered", "statuses"),
    [
        ("before the upload", [], ["FINISHED"]),
        ("between upload and registration", [], ["FINISHED"]),
        ("just after registration, under the lock", [1], ["FINISHED"]),
        ("before the run is finished", [1], ["FINISHED"]),
    ],
)
def test_a_killed_training_leaves_one_version(
    filled: Settings, client: MlflowClient, moment: str, registered: list[int], statuses: list[str]
) -> None:
    shop = Shop(filled)
    snapshot = freeze_snapshot.run(filled, shop.specs(), shop.model, AS_OF)
    kill(shop, snapshot, moment)
    assert versions(client, shop) == registered

    retries = [
        train_candidate.run(filled, shop.specs(), shop.model, snapshot, "commit", "lock") for _ in range(2)
    ]

    assert retries[0] == retries[1]
    assert versions(client, shop) == [retries[0].version] == [1]
    experiment = client.get_experiment_by_name(shop.model)
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.status for run in runs) == statuses
    assert client.get_run(retries[0].run_id).info.status == "FINISHED"
    mlflow_models.load_version(filled, shop.model, 1, retries[0].run_id, retries[0].artifact_sha256)


def versions(client: MlflowClient, shop: Shop) -> list[int]:
    return sorted(int(v.version) for v in client.search_model_versions(f"name = '{shop.model}'"))


@pytest.fixture(scope="module")
def evidence(filled: Settings) -> tuple[EvaluationRef, EvaluationRef]:
    """For a first champion and for its successor; judged well, whatever the holdout says."""
    shop = Shop(filled)
    first = evaluate(shop, AS_OF - FIRST)
    promote_candidate.run(filled, shop.specs(), shop.model, first)
    return first, evaluate(shop, LATER - FIRST)


def evaluate(shop: Shop, age: timedelta) -> EvaluationRef:
    settings, specs = shop.settings, shop.specs()
    snapshot = freeze_snapshot.run(settings, specs, shop.model, FIRST + age)
    candidate = train_candidate.run(settings, specs, shop.model, snapshot, "commit", "lock")
    found = evaluate_candidate.run(settings, specs, shop.model, candidate)
    passed = [decision.model_copy(update={"verdict": Verdict.PASSED}) for decision in found.decisions]
    return found.model_copy(update={"decisions": passed})


@pytest.fixture
def serving(fresh_warehouse: Settings, evidence: tuple[EvaluationRef, EvaluationRef]) -> Shop:
    """By this warehouse the first version serves and the second waits."""
    shop = Shop(fresh_warehouse, evidence[0].candidate.model)
    promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence[0])
    return shop


@pytest.mark.parametrize(
    ("moment", "alias", "champion"),
    [
        ("between ledger and promotion", 1, 1),
        ("before the commit", 1, 1),
        ("between commit and tags", 1, 2),
        ("between tags and aliases", 1, 2),
        ("between the two aliases", 1, 2),
        ("just after the aliases", 2, 2),
    ],
)
def test_a_killed_promotion_is_completed_by_its_retry(
    serving: Shop, evidence: tuple[EvaluationRef, EvaluationRef], moment: str, alias: int, champion: int
) -> None:
    kill(serving, evidence[1], moment)
    assert who_serves(serving) == (alias, champion)

    retries = [
        promote_candidate.run(serving.settings, serving.specs(), serving.model, evidence[1]) for _ in range(2)
    ]

    assert retries[0] == retries[1]
    assert retries[0].promoted
    assert who_serves(serving) == (2, 2)
    address = serving.settings.mlflow_tracking_uri
    previous = mlflow_registry.read_alias(MlflowClient(address, address), serving.model, "previous")
    assert previous == 1


def who_serves(shop: Shop) -> tuple[int | None, int | None]:
    """The version by MLflow's alias and by the warehouse, which is the truth."""
    with warehouse.transaction(shop.settings) as conn:
        champion = warehouse.current_champion(conn, shop.model)
    return mlflow_registry.champion_alias(shop.settings, shop.model), champion.version if champion else None
