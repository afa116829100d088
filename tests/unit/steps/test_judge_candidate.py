"""All further gates on really fitted versions of every task; only the clean process is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import Mock, create_autospec

import numpy as np
import pandas as pd
import pytest

from include.contracts import CandidateRef, Decision, SnapshotRef, Verdict
from include.core.training import fit_model
from include.core.training_set import RowCounts, TrainingSet
from include.settings import Settings
from include.specs.gates import Gates
from include.specs.model import ModelSpec
from include.specs.task import Task
from include.specs.training import Estimator
from include.steps import judge_candidate, serve_sample
from include.steps.judge_candidate import judge_more, slice_columns
from include.steps.scorer import Scorer
from tests.support.model_specs import task_spec

AS_OF = date(2024, 3, 31)
CLASSES = ["late", "never", "soon"]
SNAPSHOT = SnapshotRef(
    model="demo", as_of=AS_OF, tag="t", commit="c", content_hash="h", listings={}, partitions=1, rows=1
)
CANDIDATE = CandidateRef(
    model="demo", version=2, run_id="r", as_of=AS_OF, artifact_sha256="a", snapshot=SNAPSHOT
)


def training_set(task: Task, rows: int = 600) -> TrainingSet:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "kind": rng.choice(["a", "b"], rows),
            "side": rng.choice(["x", "y"], rows),
        }
    )
    value = frame["size"] * 2 + (frame["kind"] == "a") + rng.normal(size=rows) * 0.5
    labels = {
        Task.BINARY_CLASSIFICATION: (value > 0.5).to_numpy().astype(np.int64),
        Task.MULTICLASS_CLASSIFICATION: np.digitize(value, [-0.5, 1.5]).astype(np.int64),
        Task.REGRESSION: value.to_numpy(),
    }[task]
    days = [AS_OF - timedelta(days=int(n)) for n in rng.integers(6, 90, rows)]
    matured = np.array(days, dtype="datetime64[D]")
    counts = RowCounts(rows, 0, 0, rows)
    if task is Task.MULTICLASS_CLASSIFICATION:
        return TrainingSet(frame, labels, matured, counts, tuple(CLASSES))
    return TrainingSet(frame, labels, matured, counts)


def with_gates(spec: ModelSpec, **gates: object) -> ModelSpec:
    merged = spec.gates.model_dump(mode="json", exclude={"approval"}) | gates
    return spec.model_copy(update={"gates": Gates.model_validate(merged)})


def fitted(spec: ModelSpec, data: TrainingSet, version: int) -> Scorer:
    found = fit_model(spec, data, AS_OF)
    return Scorer(version, found.pipeline, found.info)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    step = create_autospec(serve_sample.run)
    step.return_value = Decision(gate="servability", verdict=Verdict.PASSED, reasons=["served"])
    monkeypatch.setattr(judge_candidate.serve_sample, "run", step)
    return step


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        lake_root=tmp_path, reports_root=tmp_path, snapshot_registry="none", mlflow_tracking_uri="none",
        work_root=tmp_path, specs_root=tmp_path,
    )  # fmt: skip


def judge(
    settings: Settings, spec: ModelSpec, data: TrainingSet, judged: Scorer, champion: Scorer | None = None
) -> dict[str, Decision]:
    scores = judged.score(data.rows)
    others = champion.score(data.rows) if champion else None
    found = judge_more(settings, spec, CANDIDATE, judged, champion, data.rows, data.labels, scores, others)
    return {decision.gate: decision for decision in found}


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("estimator", Estimator)
def test_the_gates_that_always_hold_pass_for_every_estimator(
    settings: Settings, served: Mock, task: Task, estimator: Estimator
) -> None:
    spec, data = task_spec(task, estimator=str(estimator)), training_set(task)
    judged = fitted(spec, data, 2)
    found = judge(settings, spec, data, judged)
    assert list(found) == ["behaviour.extreme inputs", "stability", "servability"]
    assert {decision.verdict for decision in found.values()} == {Verdict.PASSED}, found
    served.assert_called_once_with(settings, spec.gates.servability, CANDIDATE)


@pytest.mark.parametrize(
    ("task", "metric", "test"),
    [
        pytest.param(
            Task.BINARY_CLASSIFICATION, "roc_auc_score", {"answer": 1, "at_least": 0.8}, id="binary"
        ),
        pytest.param(Task.MULTICLASS_CLASSIFICATION, "accuracy_score", {"answer": "soon"}, id="multiclass"),
        pytest.param(Task.REGRESSION, "mean_absolute_error", {"at_least": 3}, id="regression"),
    ],
)
def test_slices_and_tests_of_a_spec_are_judged(
    settings: Settings, served: Mock, task: Task, metric: str, test: dict[str, object]
) -> None:
    of = {"of": "soon"} if task is Task.MULTICLASS_CLASSIFICATION else {}
    spec = with_gates(
        task_spec(task, estimator="linear"),
        slices=[{"column": "side", "metric": metric, "minimum_rows": 50, "maximum_gap": 0.2}],
        behaviour=[
            {"kind": "direction", "name": "size", "column": "size", "add": 2, "score": "not_decreases", **of},
            {"kind": "example", "name": "large", "row": {"size": 3, "kind": "a"}, **test},
        ],
    )
    data = training_set(task)
    found = judge(settings, spec, data, fitted(spec, data, 2))
    assert list(found)[:3] == ["slice.side", "behaviour.size", "behaviour.large"]
    assert {decision.verdict for decision in found.values()} == {Verdict.PASSED}, found
    assert slice_columns(spec) == ["side"]


@pytest.mark.parametrize("task", Task)
def test_answers_are_held_against_the_champions(settings: Settings, served: Mock, task: Task) -> None:
    spec, data = task_spec(task, estimator="linear"), training_set(task)
    judged = fitted(spec, data, 2)
    same = judge(settings, spec, data, judged, replace(judged, version=1))["stability"]
    assert (same.verdict, same.observed["churn"]) == (Verdict.PASSED, 0.0)
    turned = replace(data, rows=data.rows.assign(size=-data.rows["size"]))
    other = judge(settings, spec, data, judged, fitted(spec, turned, 1))["stability"]
    assert other.verdict is Verdict.FAILED


def test_classes_of_two_versions_are_compared_by_name(settings: Settings, served: Mock) -> None:
    task = Task.MULTICLASS_CLASSIFICATION
    spec, data = task_spec(task, estimator="linear"), training_set(task)
    judged = fitted(spec, data, 2)
    renamed = replace(judged, version=1, info=judged.info.model_copy(update={"classes": ["a", "b", "c"]}))
    found = judge(settings, spec, data, judged, renamed)["stability"]
    assert found.observed["churn"] == 1.0


def test_no_gate_stops_the_others(settings: Settings, served: Mock) -> None:
    task = Task.BINARY_CLASSIFICATION
    spec = with_gates(
        task_spec(task, estimator="linear"),
        slices=[{"column": "side", "metric": "roc_auc_score", "minimum_rows": 10_000, "maximum_gap": 0.2}],
        behaviour=[{"kind": "example", "name": "wrong", "row": {"size": 3}, "answer": 0}],
        stability={"maximum_churn": 1e-9},
    )
    data = training_set(task)
    served.return_value = Decision(gate="servability", verdict=Verdict.FAILED, reasons=["slow"])
    judged = fitted(spec, data, 2)
    turned = replace(data, rows=data.rows.assign(size=-data.rows["size"]))
    found = judge(settings, spec, data, judged, fitted(spec, turned, 1))
    assert {gate: decision.verdict for gate, decision in found.items()} == {
        "slice.side": Verdict.NOT_ENOUGH_EVIDENCE,
        "behaviour.wrong": Verdict.FAILED,
        "behaviour.extreme inputs": Verdict.PASSED,
        "stability": Verdict.FAILED,
        "servability": Verdict.FAILED,
    }


def test_an_error_of_a_gate_is_an_error_of_the_step(
    settings: Settings, served: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task.BINARY_CLASSIFICATION
    spec, data = task_spec(task, estimator="linear"), training_set(task)
    monkeypatch.setattr(judge_candidate, "decide_stability", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        judge(settings, spec, data, fitted(spec, data, 2))
