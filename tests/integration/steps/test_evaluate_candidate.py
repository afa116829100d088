"""Candidates judged on a real holdout, with versions in a real registry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from mlflow import MlflowClient

from include.adapters import warehouse
from include.contracts import CandidateRef, Decision, EvaluationRef, Verdict
from include.settings import Settings
from include.specs.task import METRICS, Task
from include.steps import evaluate_candidate, freeze_snapshot, train_candidate
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

AS_OF = FIRST + timedelta(days=60)
LATER = AS_OF + timedelta(days=7)


def of_task(task: Task) -> dict[str, Any]:
    """Return the sections of a spec that ask the same data another kind of question."""
    metric = str(METRICS[task][0])
    bar = 0.0 if METRICS[task][0].higher_is_better else 10.0
    gates = {"absolute": {metric: bar}, "versus_champion": {"metric": metric, "margin": 0.5}}
    return {"task": str(task), "gates": gates}


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, LATER - timedelta(days=1))
    return shop


def train(shop: Shop, as_of: Any = AS_OF, **sections: Any) -> CandidateRef:
    specs = shop.specs(**sections)
    snapshot = freeze_snapshot.run(shop.settings, specs, shop.model, as_of)
    return train_candidate.run(shop.settings, specs, shop.model, snapshot, "commit", "lock")


def evaluate(shop: Shop, candidate: CandidateRef, **sections: Any) -> EvaluationRef:
    return evaluate_candidate.run(shop.settings, shop.specs(**sections), shop.model, candidate)


def serve(shop: Shop, candidate: CandidateRef, **replaced: Any) -> None:
    facts = {
        "model": shop.model, "version": candidate.version, "run_id": candidate.run_id,
        "effective_from": FIRST, "artifact_sha256": candidate.artifact_sha256,
        "snapshot_tag": candidate.snapshot.tag, "snapshot_hash": candidate.snapshot.content_hash,
    }  # fmt: skip
    with warehouse.transaction(shop.settings) as conn:
        warehouse.record_promotion(conn, **{**facts, **replaced}, reasons=["for the test"])


def versus(evidence: EvaluationRef) -> Decision:
    [found] = [decision for decision in evidence.decisions if decision.gate == "versus_champion"]
    return found


@pytest.mark.parametrize("task", [Task.MULTICLASS_CLASSIFICATION, Task.REGRESSION])
def test_other_tasks_are_compared_with_their_champion(shop: Shop, task: Task) -> None:
    serve(shop, train(shop, **of_task(task)))
    candidate = train(shop, LATER, **of_task(task))
    evidence = evaluate(shop, candidate, **of_task(task))
    assert versus(evidence).verdict is Verdict.PASSED
    assert versus(evidence).observed["comparison"] in {"better", "not worse"}
    assert set(evidence.metrics) == set(evidence.champion_metrics) == {str(one) for one in METRICS[task]}
    assert all(one.lower < one.value < one.upper for one in evidence.metrics.values())


def test_the_evidence_is_a_page_and_logged(shop: Shop) -> None:
    candidate = train(shop)
    evidence = evaluate(shop, candidate)
    assert evidence.report == f"{shop.model}/evaluation/version-1-alone.html"
    page = (shop.settings.reports_root / evidence.report).read_text("utf-8")
    assert all(f"<code>{decision.gate}</code>" in page for decision in evidence.decisions)
    address = shop.settings.mlflow_tracking_uri
    client = MlflowClient(address, address)
    metrics = client.get_run(candidate.run_id).data.metrics
    auc = evidence.metrics["roc_auc_score"]
    assert metrics["holdout_roc_auc_score_lower"] == auc.lower
    assert metrics["holdout_roc_auc_score_upper"] == auc.upper
    assert evaluate_candidate.PAGE in {item.path for item in client.list_artifacts(candidate.run_id)}


def test_a_champion_that_cannot_be_loaded_stays_and_the_candidate_is_judged(shop: Shop) -> None:
    serve(shop, train(shop), artifact_sha256="0" * 64)
    evidence = evaluate(shop, train(shop, LATER))
    assert versus(evidence).verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert "champion version 1 cannot be loaded" in versus(evidence).reasons[0]
    assert evidence.champion_version == 1
    assert evidence.champion_metrics == {}
    assert {"absolute.roc_auc_score", "servability"} <= {decision.gate for decision in evidence.decisions}


def test_a_champion_of_another_task_is_no_rival(shop: Shop) -> None:
    serve(shop, train(shop))
    sections = of_task(Task.REGRESSION)
    evidence = evaluate(shop, train(shop, LATER, **sections), **sections)
    assert versus(evidence).verdict is Verdict.PASSED
    assert "another kind of question" in versus(evidence).reasons[0]
    assert evidence.champion_metrics == {}
