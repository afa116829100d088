"""Freeze, train, evaluate and promote against real git, DVC, MLflow and PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.contracts import CandidateRef, EvaluationRef, SnapshotRef, Verdict
from include.errors import IntegrityError, MissingPartitionError, StaleEvidenceError, TrainingDataError
from include.settings import Settings
from include.steps import evaluate_candidate, freeze_snapshot, promote_candidate, train_candidate
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

AS_OF = FIRST + timedelta(days=60)
LATER = AS_OF + timedelta(days=7)


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, LATER - timedelta(days=1))
    return shop


def freeze(shop: Shop, as_of: date = AS_OF) -> SnapshotRef:
    return freeze_snapshot.run(shop.settings, shop.specs(), shop.model, as_of)


def train(shop: Shop, as_of: date = AS_OF) -> CandidateRef:
    snapshot = freeze(shop, as_of)
    return train_candidate.run(shop.settings, shop.specs(), shop.model, snapshot, "commit", "lock")


def evaluate(shop: Shop, candidate: CandidateRef) -> EvaluationRef:
    return evaluate_candidate.run(shop.settings, shop.specs(), shop.model, candidate)


def client(shop: Shop) -> MlflowClient:
    address = shop.settings.mlflow_tracking_uri
    return MlflowClient(address, address)


def versions(shop: Shop) -> list[int]:
    return sorted(int(v.version) for v in client(shop).search_model_versions(f"name = '{shop.model}'"))


def promotions(shop: Shop) -> list[int]:
    query = text("SELECT version FROM perennial.promotion WHERE model = :model ORDER BY promotion_id")
    with warehouse.transaction(shop.settings) as conn:
        return [row.version for row in conn.execute(query, {"model": shop.model})]


def test_equal_partitions_give_the_same_snapshot(shop: Shop) -> None:
    assert freeze(shop) == freeze(shop)
    assert freeze(shop).tag.startswith(f"{shop.model}/{AS_OF - timedelta(days=1)}-")


def test_a_snapshot_holds_the_window_and_nothing_after_it(shop: Shop) -> None:
    assert freeze(shop).partitions == 60 + 57
    assert freeze(shop, FIRST + timedelta(days=10)).partitions == 10 + 7


def test_an_empty_window_names_the_dataset(shop: Shop) -> None:
    with pytest.raises(MissingPartitionError, match=r"dataset events, .*DAG events__load_history"):
        freeze(shop, FIRST)


def test_a_retry_returns_the_version_that_was_registered(shop: Shop) -> None:
    assert train(shop) == train(shop)
    assert versions(shop) == [1]


def test_two_trainings_at_once_register_one_version(shop: Shop) -> None:
    freeze(shop)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: train(shop), range(2)))
    assert found[0] == found[1]
    assert versions(shop) == [1]
    assert statuses(shop) == ["FINISHED"]


def statuses(shop: Shop) -> list[str]:
    experiment = client(shop).get_experiment_by_name(shop.model)
    assert experiment is not None
    return [run.info.status for run in client(shop).search_runs([experiment.experiment_id])]


def test_a_killed_training_is_gone_on_with(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mlflow_registry, "register_version", killed)
        with pytest.raises(KeyboardInterrupt):
            train(shop)
    candidate = train(shop)
    experiment = client(shop).get_experiment_by_name(shop.model)
    assert experiment is not None
    runs = client(shop).search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"]
    assert len(runs[0].outputs.model_outputs) == 1
    assert (candidate.version, versions(shop)) == (1, [1])


def test_a_training_killed_after_registering_is_finished_by_the_retry(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(train_candidate.mlflow_runs, "finish_run", killed)
        with pytest.raises(KeyboardInterrupt):
            train(shop)
    candidate = train(shop)
    assert client(shop).get_run(candidate.run_id).info.status == "FINISHED"
    assert versions(shop) == [1]


def test_another_seed_is_another_training(shop: Shop) -> None:
    snapshot, spec = freeze(shop), shop.specs().model(shop.model)
    other = spec.model_copy(update={"training": spec.training.model_copy(update={"seed": 8})})
    judged = spec.model_copy(update={"owner": "someone else"})
    key = train_candidate.training_key(spec, snapshot)
    assert train_candidate.training_key(other, snapshot) != key
    assert train_candidate.training_key(judged, snapshot) == key


def test_a_run_records_where_it_came_from(shop: Shop) -> None:
    candidate = train(shop)
    run = client(shop).get_run(candidate.run_id)
    assert run.data.tags["dvc_tag"] == candidate.snapshot.tag
    assert run.data.tags["code_commit"] == "commit"
    sources = {item.dataset.name: json.loads(item.dataset.source) for item in run.inputs.dataset_inputs}
    assert {name: source["md5"] for name, source in sources.items()} == candidate.snapshot.listings
    artifacts = {item.path for item in client(shop).list_artifacts(candidate.run_id)}
    assert {"model_info.json", "reference_profile.json", "scored_sample.json", "plots"} <= artifacts
    figures = {Path(item.path).stem for item in client(shop).list_artifacts(candidate.run_id, "plots")}
    assert {"roc", "confusion_matrix", "importance", "learning_curve"} <= figures
    metrics = run.data.metrics
    assert metrics["validation_roc_auc_score"] > 0.7
    bounds = metrics["validation_roc_auc_score_lower"], metrics["validation_roc_auc_score_upper"]
    assert bounds[0] < metrics["validation_roc_auc_score"] < bounds[1]
    assert {"read_seconds", "fit_seconds", "learning_curve_seconds", "upload_seconds"} <= metrics.keys()
    assert {"python", "platform", "cpus", "memory_gb", "model_sha256"} <= run.data.tags.keys()
    version = client(shop).get_model_version(shop.model, str(candidate.version))
    assert version.tags["model_sha256"] == run.data.tags["model_sha256"]


def test_too_few_rows_leave_nothing_registered(shop: Shop) -> None:
    with pytest.raises(TrainingDataError):
        train(shop, FIRST + timedelta(days=8))
    assert not client(shop).search_registered_models(f"name = '{shop.model}'")


def test_the_first_candidate_becomes_champion(shop: Shop) -> None:
    evidence = evaluate(shop, train(shop))
    result = promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence)
    assert (result.promoted, result.version, result.previous_version) == (True, 1, None)
    assert mlflow_registry.champion_alias(shop.settings, shop.model) == 1
    assert promotions(shop) == [1]


def test_evaluation_is_logged_and_repeatable(shop: Shop) -> None:
    candidate = train(shop)
    evidence = evaluate(shop, candidate)
    again = evaluate(shop, candidate)
    assert again.model_copy(update={"decisions": []}) == evidence.model_copy(update={"decisions": []})
    assert [d.verdict for d in again.decisions] == [d.verdict for d in evidence.decisions]
    assert again.decisions[:-1] == evidence.decisions[:-1]  # the last one, servability, measures seconds
    run = client(shop).get_run(candidate.run_id)
    assert run.data.metrics["holdout_roc_auc_score"] == pytest.approx(evidence.metrics["roc_auc_score"].value)
    decisions = json.loads(mlflow_text(shop, candidate.run_id, evaluate_candidate.DECISIONS))
    assert [item["gate"] for item in decisions] == [d.gate for d in evidence.decisions]
    assert [d.gate for d in evidence.decisions] == [
        "absolute.roc_auc_score", "versus_champion", "behaviour.extreme inputs", "stability", "servability",
    ]  # fmt: skip


def mlflow_text(shop: Shop, run_id: str, name: str) -> str:
    folder = shop.settings.work_root / "read"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(client(shop).download_artifacts(run_id, name, str(folder))).read_text()


def test_both_models_are_judged_on_the_same_rows(shop: Shop) -> None:
    promote_candidate.run(shop.settings, shop.specs(), shop.model, evaluate(shop, train(shop)))
    evidence = evaluate(shop, train(shop, LATER))
    assert evidence.champion_version == 1
    assert evidence.holdout_rows == 10 * 40
    assert set(evidence.champion_metrics) == set(evidence.metrics)
    assert (evidence.holdout_first, evidence.holdout_last) == (
        LATER - timedelta(days=15),
        LATER - timedelta(days=6),
    )


def test_a_promotion_replaces_and_remembers(shop: Shop) -> None:
    promote_candidate.run(shop.settings, shop.specs(), shop.model, evaluate(shop, train(shop)))
    evidence = passing(evaluate(shop, train(shop, LATER)))
    first = promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence)
    again = promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence)
    assert first == again
    assert (first.promoted, first.version, first.previous_version) == (True, 2, 1)
    with warehouse.transaction(shop.settings) as conn:
        before = warehouse.champion_as_of(conn, shop.model, LATER - timedelta(days=1))
        after = warehouse.champion_as_of(conn, shop.model, LATER)
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (1, 2)
    assert mlflow_registry.champion_alias(shop.settings, shop.model) == 2
    assert int(client(shop).get_model_version_by_alias(shop.model, "previous").version) == 1
    assert promotions(shop) == [1, 2]


def passing(evidence: EvaluationRef) -> EvaluationRef:
    return verdicts(evidence, Verdict.PASSED)


def verdicts(evidence: EvaluationRef, verdict: Verdict) -> EvaluationRef:
    judged = [decision.model_copy(update={"verdict": verdict}) for decision in evidence.decisions]
    return evidence.model_copy(update={"decisions": judged})


def test_a_promotion_killed_before_the_alias_is_completed_by_the_retry(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = passing(evaluate(shop, train(shop)))

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mlflow_registry, "point_aliases", killed)
        with pytest.raises(KeyboardInterrupt):
            promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence)
    assert promotions(shop) == [1]
    assert mlflow_registry.champion_alias(shop.settings, shop.model) is None
    assert promote_candidate.run(shop.settings, shop.specs(), shop.model, evidence).promoted
    assert promotions(shop) == [1]
    assert mlflow_registry.champion_alias(shop.settings, shop.model) == 1


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.NOT_ENOUGH_EVIDENCE])
def test_a_refused_candidate_is_on_record_and_does_not_serve(shop: Shop, verdict: Verdict) -> None:
    result = promote_candidate.run(
        shop.settings, shop.specs(), shop.model, verdicts(evaluate(shop, train(shop)), verdict)
    )
    assert not result.promoted
    assert promotions(shop) == []
    assert mlflow_registry.champion_alias(shop.settings, shop.model) is None
    with warehouse.transaction(shop.settings) as conn:
        found = conn.execute(
            text("SELECT DISTINCT verdict FROM perennial.decision WHERE model = :model"),
            {"model": shop.model},
        )
        assert [row.verdict for row in found] == [verdict.value]


def test_evidence_against_a_former_champion_is_out_of_date(shop: Shop) -> None:
    early = passing(evaluate(shop, train(shop, LATER)))
    promote_candidate.run(shop.settings, shop.specs(), shop.model, passing(evaluate(shop, train(shop))))
    with pytest.raises(StaleEvidenceError, match="clear task `evaluate_candidate`"):
        promote_candidate.run(shop.settings, shop.specs(), shop.model, early)
    assert promotions(shop) == [2]


def test_an_older_candidate_does_not_replace_a_newer_champion(shop: Shop) -> None:
    promote_candidate.run(
        shop.settings, shop.specs(), shop.model, passing(evaluate(shop, train(shop, LATER)))
    )
    older = passing(evaluate(shop, train(shop)))
    result = promote_candidate.run(shop.settings, shop.specs(), shop.model, older)
    assert not result.promoted
    assert "older than champion version 1" in result.reasons[0]


def test_a_champion_that_was_succeeded_is_not_promoted_again(shop: Shop) -> None:
    first = passing(evaluate(shop, train(shop)))
    promote_candidate.run(shop.settings, shop.specs(), shop.model, first)
    promote_candidate.run(
        shop.settings, shop.specs(), shop.model, passing(evaluate(shop, train(shop, LATER)))
    )
    repeated = promote_candidate.run(shop.settings, shop.specs(), shop.model, first)
    assert not repeated.promoted
    assert "succeeded by champion version 2" in repeated.reasons[0]
    assert promotions(shop) == [1, 2]


def test_a_champion_is_not_compared_with_itself(shop: Shop) -> None:
    candidate = train(shop)
    promote_candidate.run(shop.settings, shop.specs(), shop.model, passing(evaluate(shop, candidate)))
    again = evaluate(shop, candidate)
    [versus] = [decision for decision in again.decisions if decision.gate == "versus_champion"]
    assert versus.reasons == ["version 1 is the champion itself"]
    assert promote_candidate.run(shop.settings, shop.specs(), shop.model, again).promoted


def test_a_model_whose_files_were_changed_is_not_loaded(shop: Shop) -> None:
    candidate = train(shop)
    forged = candidate.model_copy(update={"artifact_sha256": "0" * 64})
    with pytest.raises(IntegrityError, match="registered was"):
        evaluate(shop, forged)


def test_nothing_temporary_is_left(shop: Shop) -> None:
    promote_candidate.run(shop.settings, shop.specs(), shop.model, evaluate(shop, train(shop)))
    left = [path for path in shop.settings.work_root.rglob("*") if path.is_file()]
    assert left == []
