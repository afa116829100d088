from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.leakage.feature_score import FeatureScore
from include.core.leakage.finding import Known
from include.core.leakage.predicts_label import predicts_label, score_features
from include.core.leakage.predicts_other import concordance
from include.core.leakage.twins import count_twins
from include.specs.leakage import Leakage
from include.specs.task import Task
from tests.support.leakage import sound_rows, with_feature

CLASSES = ("bus", "car", "train")


def of_task(task: Task) -> Known:
    """Rows whose label is a class, or a number, that the features know a little about."""
    known, _ = sound_rows()
    truth = np.nan_to_num(known.features["spend"].to_numpy()) / 50
    truth = truth + np.random.default_rng(3).normal(size=len(truth))
    if task is Task.REGRESSION:
        return replace(known, labels=truth, task=task)
    return replace(known, labels=np.digitize(truth, [0.5, 2.5]), task=task, classes=CLASSES)


def scored(known: Known) -> dict[str, FeatureScore]:
    return {one.feature: one for one in score_features(known, Leakage())}


OTHERS = [Task.MULTICLASS_CLASSIFICATION, Task.REGRESSION]


@pytest.mark.parametrize("task", OTHERS)
def test_sound_features_are_scored_and_not_suspected(task: Task) -> None:
    found = scored(of_task(task))
    assert 0.6 < found["spend"].auc < 0.95
    assert 0.4 < found["plan"].auc < 0.6
    assert predicts_label(list(found.values())) == []


@pytest.mark.parametrize("task", OTHERS)
def test_a_number_that_follows_the_label_is_found(task: Task) -> None:
    known = of_task(task)
    noise = np.random.default_rng(1).normal(0, 0.01, len(known.labels))
    (found,) = predicts_label(score_features(with_feature(known, "invoice", noise - known.labels), Leakage()))
    assert found.column == "invoice"
    assert found.facts["auc"] > 0.97
    assert "mean ROC AUC" in found.evidence or "concordance" in found.evidence


def test_a_name_for_each_class_is_found() -> None:
    known = of_task(Task.MULTICLASS_CLASSIFICATION)
    names = np.array(["b", "c", "t"])[known.labels.astype(int)]
    (found,) = predicts_label(score_features(with_feature(known, "ticket", names), Leakage()))
    assert found.facts["decided_share"] == 1
    assert "'c': label 'car' in 100% of" in found.evidence


def test_a_value_that_one_number_alone_goes_with_is_found() -> None:
    known = of_task(Task.REGRESSION)
    chosen = np.random.default_rng(1).random(len(known.labels)) < 0.05
    known = replace(known, labels=np.where(chosen, 0.0, known.labels))
    (found,) = predicts_label(
        score_features(with_feature(known, "state", np.where(chosen, "void", "paid")), Leakage())
    )
    assert found.facts["decided_share"] >= 0.02
    assert "'void': mean label 0 of" in found.evidence


def test_names_that_come_once_each_decide_nothing() -> None:
    known = of_task(Task.REGRESSION)
    names = np.array([f"n{number}" for number in range(len(known.labels))])
    assert scored(with_feature(known, "name", names))["name"].decided_share == 0


@pytest.mark.parametrize("task", OTHERS)
def test_copies_in_a_later_part_are_twins(task: Task) -> None:
    known = of_task(task)
    train, holdout = np.flatnonzero(known.split.train)[:40], np.flatnonzero(known.split.holdout)[:40]
    features, labels = known.features.copy(), known.labels.copy()
    features.iloc[holdout] = features.iloc[train].to_numpy()
    labels[holdout] = labels[train]
    counted = {
        (pair.earlier, pair.later): pair
        for pair in count_twins(replace(known, features=features, labels=labels))
    }
    before = {(pair.earlier, pair.later): pair for pair in count_twins(known)}
    assert before["train", "holdout"].twins == 0
    assert counted["train", "holdout"].twins >= 30


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=25))
def test_concordance_counts_pairs(rows: list[tuple[int, int]]) -> None:
    scores, labels = np.array(rows, dtype=np.float64).T
    pairs = [
        0.5 if one == other else float((one > other) == (mine > its))
        for number, (one, mine) in enumerate(zip(scores, labels, strict=True))
        for other, its in zip(scores[:number], labels[:number], strict=True)
        if mine != its
    ]
    expected = sum(pairs) / len(pairs) if pairs else 0.5
    assert concordance(scores, labels) == pytest.approx(expected)
