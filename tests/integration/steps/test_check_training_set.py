"""A leak stops a training before anything is registered; an accepted one stands with the run."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from include.adapters import mlflow_documents
from include.contracts import CandidateRef
from include.errors import LeakageError
from include.settings import Settings
from include.steps import freeze_snapshot, train_candidate
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

AS_OF = FIRST + timedelta(days=60)
REASON = "The size is agreed before the event"


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, AS_OF - timedelta(days=1))
    return shop


def train(shop: Shop, **leakage: Any) -> CandidateRef:
    specs = shop.specs(leakage=leakage)
    snapshot = freeze_snapshot.run(shop.settings, specs, shop.model, AS_OF)
    return train_candidate.run(shop.settings, specs, shop.model, snapshot, "commit", "lock")


def client(shop: Shop) -> MlflowClient:
    address = shop.settings.mlflow_tracking_uri
    return MlflowClient(address, address)


def artifact(shop: Shop, candidate: CandidateRef, name: str) -> str:
    folder = shop.settings.work_root / "read"
    folder.mkdir(parents=True, exist_ok=True)
    found = Path(client(shop).download_artifacts(candidate.run_id, name, str(folder)))
    return found.read_text(encoding="utf-8")


def test_a_run_records_its_training_set(shop: Shop) -> None:
    candidate = train(shop)
    report = json.loads(artifact(shop, candidate, mlflow_documents.TRAINING_SET))
    info = json.loads(artifact(shop, candidate, mlflow_documents.MODEL_INFO))
    total = report["cohorts"]["total"]
    assert total["rows"] == info["rows"]["snapshot"] == candidate.snapshot.rows - 57 * 40
    assert total["waiting"] == info["rows"]["immature"]
    assert report["leakage"]["findings"] == []
    page = artifact(shop, candidate, mlflow_documents.TRAINING_SET_PAGE)
    assert candidate.snapshot.tag in page
    assert client(shop).get_run(candidate.run_id).data.tags["leakage"] == "none"


def test_a_leak_leaves_nothing_registered_until_it_is_accepted(shop: Shop) -> None:
    limit = {"suspicious_score": 0.7}
    with pytest.raises(LeakageError, match="size alone predicts the label"):
        train(shop, **limit)
    assert not client(shop).search_registered_models(f"name = '{shop.model}'")
    assert client(shop).get_experiment_by_name(shop.model) is None
    waiver = {"check": "predicts_label", "column": "size", "reason": REASON}
    candidate = train(shop, **limit, waivers=[waiver])
    tags = client(shop).get_run(candidate.run_id).data.tags
    assert tags["leakage_waivers"] == f"predicts_label of size: {REASON}"
    report = json.loads(artifact(shop, candidate, mlflow_documents.TRAINING_SET))
    (finding,) = report["leakage"]["findings"]
    assert finding["waived"] == REASON
    assert REASON in artifact(shop, candidate, mlflow_documents.TRAINING_SET_PAGE)


def test_waivers_and_limits_do_not_make_another_training(shop: Shop) -> None:
    first = train(shop)
    assert train(shop, suspicious_score=0.6) == first


def test_an_entity_in_two_parts_stops_the_training(shop: Shop) -> None:
    with pytest.raises(LeakageError, match=r"entity_across_split: .* have entities \(kind\)"):
        train(shop, entity=["kind"])
