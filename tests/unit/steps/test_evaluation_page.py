"""The page with the evidence, for every task, with and without a champion."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from include.contracts import CandidateRef, Decision, EvaluationRef, SnapshotRef, Verdict
from include.core.bootstrap import Compared, compare_models, metric_intervals
from include.core.gates.slices import ScoredRows, decide_slices
from include.core.gates.versus_champion import decide_versus_champion, decide_without_comparison
from include.core.model_info import Holdout as HoldoutDays
from include.core.model_info import ModelInfo
from include.specs import ModelSpec
from include.specs.gates import Slice
from include.specs.model import Features
from include.specs.task import METRICS, Task
from include.steps.evaluation_page import evaluation_page
from include.steps.holdout import Holdout, ScoredHoldout, side_by_side, with_threshold
from include.steps.scorer import Scorer
from tests.support.model_specs import BASE

BINARY, MULTICLASS, REGRESSION = Task
DAY = date(2024, 3, 1)
ROWS = 600
CLASSES = {1: ["apple", "pear"], 2: ["apple", "pear", "<plum>"]}


def spec_of(task: Task) -> ModelSpec:
    metric = str(METRICS[task][0])
    gates = {"absolute": {metric: 0.5}, "versus_champion": {"metric": metric, "margin": 0.01}}
    return ModelSpec.model_validate({**BASE, "task": str(task), "gates": gates})


def scorer(task: Task, version: int) -> Scorer:
    info = ModelInfo(
        model="demo",
        task=task,
        features=Features(numeric=["size"]),
        classes=CLASSES[version] if task is MULTICLASS else [],
        threshold=0.4 if task is BINARY else None,
        holdout=HoldoutDays(first=DAY, last=DAY),
    )
    return Scorer(version, Pipeline([("nothing", "passthrough")]), info)


def scores_of(task: Task, labels: np.ndarray, version: int, noise: float) -> np.ndarray:
    generator = np.random.default_rng(version)
    if task is MULTICLASS:
        raw = generator.gamma(1.0, size=(ROWS, version + 1))
        raw[np.arange(ROWS), np.minimum(labels, version)] += 1 / noise
        return raw / raw.sum(axis=1, keepdims=True)
    answered = labels + generator.normal(scale=noise, size=ROWS)
    return 1 / (1 + np.exp(1 - 2 * answered)) if task is BINARY else answered


def labels_of(task: Task) -> np.ndarray:
    generator = np.random.default_rng(0)
    if task is REGRESSION:
        return generator.normal(size=ROWS)
    return generator.integers(0, 3 if task is MULTICLASS else 2, ROWS)


def page_of(task: Task, with_champion: bool = True, **replaced: Any) -> str:
    spec, labels = spec_of(task), labels_of(task)
    judged, champion = scorer(task, 2), scorer(task, 1) if with_champion else None
    scores = replaced.pop("scores", scores_of(task, labels, 2, 0.5))
    holdout = Holdout(pd.DataFrame(index=range(ROWS)), labels, DAY, DAY)
    scored = ScoredHoldout(holdout, scores, scores_of(task, labels, 1, 1.2) if champion else None)
    compared = _compare(task, labels, scored, judged, champion)
    decisions = [_versus(spec, compared, champion), *replaced.pop("decisions", [])]
    return evaluation_page(spec, _result(decisions, champion), compared, scored, judged, champion)


def _compare(
    task: Task, labels: np.ndarray, scored: ScoredHoldout, judged: Scorer, champion: Scorer | None
) -> Compared:
    if champion is None:
        own = metric_intervals(task, labels, with_threshold(judged, scored.scores), 0.95, 1, resamples=200)
        return Compared(own, {}, {})
    return compare_models(task, labels, *side_by_side(scored, judged, champion), 0.95, 1, resamples=200)


def _versus(spec: ModelSpec, compared: Compared, champion: Scorer | None) -> Decision:
    if champion is None:
        return decide_without_comparison("no champion yet")
    gate = spec.gates.versus_champion
    return decide_versus_champion(gate, compared.differences.get(gate.metric), 1, ROWS)


def _result(decisions: list[Decision], champion: Scorer | None) -> EvaluationRef:
    snapshot = SnapshotRef(
        model="demo", as_of=DAY, tag="demo/2024", commit="c", content_hash="h", listings={}, partitions=1,
        rows=1,
    )  # fmt: skip
    candidate = CandidateRef(
        model="demo", version=2, run_id="r", as_of=DAY, artifact_sha256="a" * 64, snapshot=snapshot
    )
    return EvaluationRef(
        candidate=candidate, champion_version=1 if champion else None, holdout_first=DAY, holdout_last=DAY,
        holdout_rows=ROWS, metrics={}, champion_metrics={}, decisions=decisions,
    )  # fmt: skip


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("with_champion", [True, False])
def test_every_metric_is_shown(task: Task, with_champion: bool) -> None:
    page = page_of(task, with_champion)
    assert all(f"<td>{metric}<br>" in page for metric in METRICS[task])
    assert ("How much better" in page) is with_champion
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("task", "shown"), [(BINARY, "ROC curve"), (MULTICLASS, "its recall"), (REGRESSION, "Residuals")]
)
def test_each_task_has_a_picture_of_its_own(task: Task, shown: str) -> None:
    assert shown in page_of(task)


def test_the_same_evidence_gives_the_same_page() -> None:
    assert page_of(BINARY) == page_of(BINARY)


def test_the_verdict_stands_first() -> None:
    failed = Decision(gate="stability", verdict=Verdict.FAILED, reasons=["answers change in 40 %"])
    assert "All 1 gates passed" in page_of(BINARY)
    page = page_of(BINARY, decisions=[failed])
    assert "1 of 2 gates did not pass; the champion stays" in page
    assert page.index("answers change in 40 %") < page.index("<h2>Gates</h2>")


def test_scores_that_are_no_numbers_leave_a_page_without_pictures() -> None:
    page = page_of(BINARY, scores=np.full(ROWS, np.nan))
    assert "cannot be compared" in page
    assert "No metric is defined" in page
    assert "<polyline" not in page


def test_names_are_shown_as_text() -> None:
    page = page_of(MULTICLASS)
    assert "&lt;plum&gt;" in page
    assert "<plum>" not in page


def test_slices_are_shown_group_by_group() -> None:
    labels, scores = labels_of(BINARY), scores_of(BINARY, labels_of(BINARY), 2, 0.5)
    side = np.where(np.arange(ROWS) < 40, "<few>", np.where(np.arange(ROWS) % 2, "left", "right"))
    scored = ScoredRows(BINARY, labels, scores, (scores >= 0.4).astype(int), 0.4)
    gate = Slice(column="side", metric="roc_auc_score", minimum_rows=100, maximum_gap=0.1, four_fifths=True)
    page = page_of(BINARY, decisions=decide_slices([gate], scored, pd.DataFrame({"side": side})))
    assert "<h2>Slices</h2>" in page
    assert all(f"<td>{name}</td>" in page for name in ("left", "right", "&lt;few&gt;"))
    assert "not judged" in page
    assert "Slices</h2>" not in page_of(BINARY)
