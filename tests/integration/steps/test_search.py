"""A search and the training that takes its best trial, against real git, DVC, MLflow and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from include.adapters import mlflow_documents, search_study
from include.adapters.search_trial import State
from include.contracts import CandidateRef, SearchPlan, SnapshotRef, TrialResult
from include.errors import (
    IntegrityError,
    NotReadyError,
    SettingsError,
    SourceUnavailableError,
    SpecError,
    TrainingDataError,
)
from include.settings import Settings
from include.specs import Specs
from include.steps import freeze_snapshot, plan_search, run_trial, train_candidate
from include.steps.search_rows import read_search_rows
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

AS_OF = FIRST + timedelta(days=60)
SEARCH: Mapping[str, Any] = {
    "trials": 6,
    "folds": 2,
    "space": {
        "learning_rate": {"low": 0.01, "high": 0.5, "log": True},
        "max_iter": {"low": 2, "high": 12},
    },
}


@pytest.fixture(scope="module")
def filled(module_settings: Settings) -> Settings:
    Shop(module_settings).write_days(FIRST, AS_OF - timedelta(days=1))
    return module_settings


@pytest.fixture
def shop(filled: Settings) -> Shop:
    return Shop(filled)


def specs_of(shop: Shop, **search: Any) -> Specs:
    training = {**BASE["training"], "params": {}, "search": {**SEARCH, **search}}
    return shop.specs(training=training)


def freeze(shop: Shop, specs: Specs) -> SnapshotRef:
    return freeze_snapshot.run(shop.settings, specs, shop.model, AS_OF)


def plan_of(shop: Shop, specs: Specs, snapshot: SnapshotRef) -> SearchPlan:
    return plan_search.run(shop.settings, specs, shop.model, snapshot, "commit", "lock")


def run_all(shop: Shop, specs: Specs, plan: SearchPlan, snapshot: SnapshotRef) -> list[TrialResult]:
    return [run_trial.run(shop.settings, specs, plan, snapshot, number) for number in range(plan.trials)]


def train(shop: Shop, specs: Specs, snapshot: SnapshotRef) -> CandidateRef:
    return train_candidate.run(shop.settings, specs, shop.model, snapshot, "commit", "lock")


def client(shop: Shop) -> MlflowClient:
    address = shop.settings.mlflow_tracking_uri
    return MlflowClient(address, address)


def children(shop: Shop, parent: str) -> list[Run]:
    experiment = client(shop).get_experiment_by_name(shop.model)
    found = client(shop).search_runs([experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
    return sorted(found, key=lambda run: int(run.data.tags["perennial.trial"]))


def test_the_best_trial_is_trained_and_every_trial_is_a_run_below_the_training(shop: Shop) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    assert (plan.first_trials, plan.trials) == (4, 6)
    results = run_all(shop, specs, plan, snapshot)
    assert [one.state for one in results[:4]] == ["complete"] * 4
    candidate = train(shop, specs, snapshot)

    best = max((one for one in results if one.value is not None), key=lambda one: one.value)
    assert candidate.run_id == plan.run_id
    assert mlflow_documents.read_model_info(shop.settings, plan.run_id)["params"] == best.params
    parent = client(shop).get_run(plan.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["best_trial"] == str(best.trial)
    runs = children(shop, plan.run_id)
    statuses = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
    assert [run.info.status for run in runs] == [statuses[one.state] for one in results]
    assert [run.data.params["max_iter"] for run in runs] == [str(one.params["max_iter"]) for one in results]
    assert runs[best.trial].data.metrics["mean_roc_auc_score"] == best.value
    history = client(shop).get_metric_history(runs[0].info.run_id, "fold_roc_auc_score")
    assert [point.step for point in history] == [0, 1]
    assert list(shop.settings.work_root.rglob(f"*{shop.model}*")) == []


def test_repeating_a_search_repeats_no_trial(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    first = run_all(shop, specs, plan, snapshot)
    monkeypatch.delattr(run_trial, "score_fold")
    assert plan_of(shop, specs, snapshot) == plan
    assert run_all(shop, specs, plan, snapshot) == first
    assert len(children(shop, plan.run_id)) == 6


def test_order_and_company_change_no_trial(shop: Shop) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    alone = [(one.state, one.value, one.params) for one in run_all(shop, specs, plan, snapshot)]

    other = Shop(shop.settings)
    again = specs_of(other)
    snapshot = freeze(other, again)
    plan = plan_of(other, again, snapshot)

    def run(number: int) -> TrialResult:
        return run_trial.run(other.settings, again, plan, snapshot, number)

    with ThreadPoolExecutor(2) as pool:  # each trial by two at once, the last one first
        firsts = list(pool.map(run, [3, 3, 2, 2, 1, 1, 0, 0]))
        laters = list(pool.map(run, [5, 5, 4, 4]))
    together = {one.trial: one for one in [*firsts, *laters]}
    assert [(one.state, one.value, one.params) for _, one in sorted(together.items())] == alone
    assert len(children(other, plan.run_id)) == 6


def test_a_later_trial_waits_for_those_it_is_measured_by(shop: Shop) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    with pytest.raises(NotReadyError, match="have not ended: 0, 1, 2, 3"):
        run_trial.run(shop.settings, specs, plan, snapshot, 5)
    with pytest.raises(NotReadyError, match="trials have not ended: 0, 1, 2, 3, 4, 5"):
        train(shop, specs, snapshot)


def test_a_trial_whose_parameters_fail_is_an_answer(shop: Shop) -> None:
    space = {"max_iter": {"choices": [3, -1]}, "max_leaf_nodes": {"low": 4, "high": 9}}
    specs = specs_of(shop, space=space, prune=False)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    assert plan.first_trials == 0
    results = run_all(shop, specs, plan, snapshot)
    failed = {one.trial for one in results if one.params["max_iter"] == -1}
    assert {one.trial for one in results if one.state == "failed"} == failed
    assert 0 < len(failed) < 6
    assert all("max_iter" in str(results[number].reason) for number in failed)
    assert "max_iter" in children(shop, plan.run_id)[min(failed)].data.tags["perennial.trial_reason"]
    info = mlflow_documents.read_model_info(shop.settings, train(shop, specs, snapshot).run_id)
    assert info["params"]["max_iter"] == 3


def test_a_space_that_the_estimator_refuses_whole_opens_nothing(shop: Shop) -> None:
    specs = specs_of(shop, space={"depth": {"low": 1, "high": 3}})
    snapshot = freeze(shop, specs)
    with pytest.raises(SpecError, match=r"refuses every trial.*depth"):
        plan_of(shop, specs, snapshot)
    assert client(shop).get_experiment_by_name(shop.model) is None


def test_a_training_without_a_complete_trial_says_why(shop: Shop) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    for number in range(6):
        search_study.end_trial(
            shop.settings, plan.study, number, State.FAILED, seconds=0.0, reason="it is singular"
        )
    with pytest.raises(
        TrainingDataError, match="none of 6 trials is complete; one failed by: it is singular"
    ):
        train(shop, specs, snapshot)


def test_over_the_budget_no_trial_begins(shop: Shop) -> None:
    specs = specs_of(shop, budget="1m")
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    run_trial.run(shop.settings, specs, plan, snapshot, 0)
    search_study.end_trial(shop.settings, plan.study, 1, State.COMPLETE, seconds=60.0, value=0.1)
    skipped = run_trial.run(shop.settings, specs, plan, snapshot, 2)
    assert (skipped.state, skipped.value) == ("skipped", None)
    assert "budget used" in str(skipped.reason)
    assert run_trial.run(shop.settings, specs, plan, snapshot, 0).state == "complete"
    assert train(shop, specs, snapshot).version == 1


def test_after_its_training_a_search_has_no_trials_left(shop: Shop) -> None:
    specs = specs_of(shop, prune=False, trials=2)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    run_all(shop, specs, plan, snapshot)
    candidate = train(shop, specs, snapshot)
    again = plan_of(shop, specs, snapshot)
    assert (again.trials, again.run_id) == (0, candidate.run_id)
    assert run_trial.run(shop.settings, specs, again, snapshot, 0).state == "skipped"
    assert train(shop, specs, snapshot) == candidate


def test_a_training_whose_search_was_never_planned_says_so(shop: Shop) -> None:
    specs = specs_of(shop)
    with pytest.raises(SettingsError, match=r"plan_search|lacks a table"):
        train(shop, specs, freeze(shop, specs))


def test_rows_that_are_gone_or_altered_are_made_again(shop: Shop) -> None:
    specs = specs_of(shop, prune=False, trials=3)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    (copy,) = (shop.settings.work_root / "searches" / shop.model).rglob("*.parquet")
    made = copy.read_bytes()
    copy.write_bytes(made[:-1])
    run_trial.run(shop.settings, specs, plan, snapshot, 0)
    assert copy.read_bytes() == made
    copy.unlink()
    run_trial.run(shop.settings, specs, plan, snapshot, 1)
    assert copy.read_bytes() == made


def test_a_search_that_was_opened_on_other_rows_begins_anew(shop: Shop) -> None:
    specs = specs_of(shop, prune=False, trials=3)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    search_study.open_study(
        shop.settings, plan.study, specs.model(shop.model).training.search.space, [],
        higher_is_better=True, facts={plan_search.ROWS: "0" * 64},
    )  # fmt: skip
    with pytest.raises(SettingsError, match="has 0 trials, not 3 as planned"):
        run_trial.run(shop.settings, specs, plan, snapshot, 0)
    plan = plan_of(shop, specs, snapshot)
    assert run_trial.run(shop.settings, specs, plan, snapshot, 0).state == "complete"


def test_a_spec_that_was_changed_meanwhile_is_not_searched(shop: Shop) -> None:
    specs = specs_of(shop)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    with pytest.raises(SpecError, match="than when the search was planned"):
        run_trial.run(shop.settings, specs_of(shop, folds=1), plan, snapshot, 0)
    assert run_trial.run(shop.settings, specs_of(shop, parallel=9), plan, snapshot, 0).state == "complete"


def test_rows_of_other_code_are_not_searched(shop: Shop) -> None:
    specs = specs_of(shop)
    with pytest.raises(IntegrityError, match=r"the search began with 000.*same version of Perennial"):
        read_search_rows(
            shop.settings, specs, specs.model(shop.model), freeze(shop, specs), "study", "0" * 64
        )


def test_a_registry_that_is_down_loses_no_trial(shop: Shop) -> None:
    specs = specs_of(shop, prune=False, trials=2)
    snapshot = freeze(shop, specs)
    plan = plan_of(shop, specs, snapshot)
    away = shop.settings.model_copy(update={"mlflow_tracking_uri": "http://127.0.0.1:1"})
    with pytest.raises(SourceUnavailableError):
        run_trial.run(away, specs, plan, snapshot, 0)
    kept = search_study.read_trials(shop.settings, plan.study)[0]
    assert kept.state is State.COMPLETE
    assert run_trial.run(shop.settings, specs, plan, snapshot, 0).value == kept.value
    assert len(children(shop, plan.run_id)) == 1
