"""Both versions' scores in one order of classes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from include.core.model_info import Holdout as HoldoutDays
from include.core.model_info import ModelInfo
from include.specs.model import Features
from include.specs.task import Task
from include.steps.holdout import Holdout, ScoredHoldout, side_by_side, with_threshold
from include.steps.scorer import Scorer

DAY = date(2024, 3, 1)


def scorer(task: Task, classes: tuple[str, ...] = (), threshold: float | None = None) -> Scorer:
    info = ModelInfo(
        model="demo",
        task=task,
        features=Features(numeric=["size"]),
        classes=list(classes),
        threshold=threshold,
        holdout=HoldoutDays(first=DAY, last=DAY),
    )
    return Scorer(1, Pipeline([("nothing", "passthrough")]), info)


def scored(scores: np.ndarray, champion: np.ndarray | None) -> ScoredHoldout:
    return ScoredHoldout(Holdout(pd.DataFrame(), np.zeros(len(scores)), DAY, DAY), scores, champion)


def test_classes_that_a_version_does_not_know_get_no_probability() -> None:
    judged = scorer(Task.MULTICLASS_CLASSIFICATION, ("b", "c"))
    champion = scorer(Task.MULTICLASS_CLASSIFICATION, ("a", "b"))
    pair = scored(np.array([[0.7, 0.3]]), np.array([[0.9, 0.1]]))
    first, second = side_by_side(pair, judged, champion)
    np.testing.assert_array_equal(first.scores, [[0.7, 0.3, 0.0]])
    np.testing.assert_array_equal(second.scores, [[0.1, 0.0, 0.9]])


def test_each_binary_version_answers_by_its_own_threshold() -> None:
    judged = scorer(Task.BINARY_CLASSIFICATION, threshold=0.3)
    champion = scorer(Task.BINARY_CLASSIFICATION, threshold=0.6)
    first, second = side_by_side(scored(np.array([0.5]), np.array([0.4])), judged, champion)
    assert (first.threshold, second.threshold) == (0.3, 0.6)


def test_a_threshold_of_zero_is_one() -> None:
    assert with_threshold(scorer(Task.BINARY_CLASSIFICATION, threshold=0.0), np.zeros(1)).threshold == 0.0


def test_a_champion_that_scored_nothing_cannot_stand_beside() -> None:
    one = scorer(Task.REGRESSION)
    with pytest.raises(ValueError, match="the champion scored nothing"):
        side_by_side(scored(np.zeros(1), None), one, one)
