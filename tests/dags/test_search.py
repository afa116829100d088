"""A model with a search has its trials as mapped tasks before the training; others have none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import PROJECT_ROOT, parse_dags
from tests.dags.test_parse import HEAVY

SHIPPED = "estimator: hist_gradient_boosting, seed: 7"
MODEL = "booking_cancellation"


@pytest.fixture(scope="module", params=["{}", "{prune: false}"], ids=["pruned", "not pruned"])
def parsed_search(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bool, dict[str, Any]]:
    specs = tmp_path_factory.mktemp("specs") / "include"
    for folder in ("datasets", "models"):
        shutil.copytree(PROJECT_ROOT / "include" / folder, specs / folder)
    search = "search: {trials: 16, parallel: 3, space: {max_iter: {low: 50, high: 500}}, prune: PRUNE}"
    pruned = request.param == "{}"
    with_search = f"{SHIPPED}, {search.replace('PRUNE', str(pruned).lower())}"
    add_to_model(specs / f"models/{MODEL}.yaml", with_search)
    return pruned, parse_dags(specs, tmp_path_factory.mktemp("airflow"))


def add_to_model(path: Path, text: str) -> None:
    before, after = path.read_text("utf-8").split(SHIPPED)
    path.write_text(before + text + after, "utf-8")


def test_trials_come_before_the_training(parsed_search: tuple[bool, dict[str, Any]]) -> None:
    pruned, parsed = parsed_search
    assert parsed["errors"] == {}
    tasks = parsed["dags"][f"{MODEL}__train"]["tasks"]
    assert ("run_first_trial" in tasks) is pruned
    assert set(tasks["run_trial"]["upstream"]) == {"plan_search", *(["run_first_trial"] if pruned else [])}
    assert tasks["train_candidate"]["upstream"] == ["run_trial"]
    assert tasks["plan_search"]["upstream"] == []


def test_so_many_trials_run_at_once(parsed_search: tuple[bool, dict[str, Any]]) -> None:
    tasks = parsed_search[1]["dags"][f"{MODEL}__train"]["tasks"]
    trials = [task for name, task in tasks.items() if name in {"run_first_trial", "run_trial"}]
    assert [task["at_once"] for task in trials] == [3] * len(trials)
    assert all(task["retries"] == 3 and task["policy"] for task in trials)


def test_a_skipped_trial_does_not_stop_the_training_and_a_failed_one_does(
    parsed_search: tuple[bool, dict[str, Any]],
) -> None:
    tasks = parsed_search[1]["dags"][f"{MODEL}__train"]["tasks"]
    rules = {name: tasks[name]["rule"] for name in ("run_trial", "train_candidate")}
    assert rules == dict.fromkeys(rules, "none_failed")


def test_a_search_loads_no_heavy_library(parsed_search: tuple[bool, dict[str, Any]]) -> None:
    assert {*HEAVY, "optuna"} & set(parsed_search[1]["loaded"]) == set()


def test_a_search_is_explained(parsed_search: tuple[bool, dict[str, Any]]) -> None:
    dag = parsed_search[1]["dags"][f"{MODEL}__train"]
    assert all(f"- `{task}`:" in dag["doc"] for task in dag["tasks"])


def test_a_model_without_a_search_has_no_trials(parsed: dict[str, Any]) -> None:
    assert set(parsed["dags"][f"{MODEL}__train"]["tasks"]) == {"train_candidate", "evaluate_candidate"}
