from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.core.calibration import calibrate
from include.core.fitting import fit_pipeline
from include.core.metrics import measure
from include.core.pipeline import score
from include.core.prepare import prepare
from include.specs.task import Task
from include.specs.training import Calibration
from tests.support.model_specs import task_spec

TASKS = [Task.BINARY_CLASSIFICATION, Task.MULTICLASS_CLASSIFICATION]
METHODS = [Calibration.SIGMOID, Calibration.ISOTONIC]


def draw(task: Task, seed: int, rows: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(seed)
    size = generator.normal(size=rows)
    truth = size + generator.normal(scale=1.5, size=rows)
    limits = [0] if task is Task.BINARY_CLASSIFICATION else [-1, 1]
    return pd.DataFrame({"size": size, "kind": "a"}), np.digitize(truth, limits)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("task", TASKS)
def test_overconfident_scores_become_better_probabilities(task: Task, method: Calibration) -> None:
    """A boosting of many deep trees is far too sure of itself; judged on rows neither fit has seen."""
    spec = task_spec(task, params={"max_iter": 150, "min_samples_leaf": 2, "learning_rate": 0.3})
    (fitted, truth), (others, known), (new, outcome) = (draw(task, seed) for seed in range(3))
    pipeline = fit_pipeline(spec, prepare(fitted, spec.features), truth)
    calibrated = calibrate(pipeline, prepare(others, spec.features), known, method)
    classes = [str(code) for code in np.unique(truth)]
    losses = [
        measure(task, outcome, score(one, new, spec.features, task), classes)["log_loss"]
        for one in (pipeline, calibrated)
    ]
    assert losses[1] < 0.8 * losses[0]


@pytest.mark.parametrize("task", TASKS)
def test_the_pipeline_that_is_calibrated_stays_as_it_is(task: Task) -> None:
    spec, (frame, truth) = task_spec(task, params={"max_iter": 5}), draw(task, 0, 300)
    prepared = prepare(frame, spec.features)
    pipeline = fit_pipeline(spec, prepared, truth)
    before = score(pipeline, frame, spec.features, task)
    calibrated = calibrate(pipeline, prepared, truth, Calibration.SIGMOID)
    np.testing.assert_array_equal(score(pipeline, frame, spec.features, task), before)
    assert not np.array_equal(score(calibrated, frame, spec.features, task), before)
    assert calibrated[-1].cv is None


def test_a_few_rows_of_each_class_are_enough() -> None:
    spec, (frame, truth) = task_spec(TASKS[1], params={"max_iter": 5}), draw(TASKS[1], 0, 300)
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), truth)
    few = np.array([int(np.flatnonzero(truth == code)[0]) for code in range(3)])
    prepared = prepare(frame.iloc[few], spec.features)
    calibrated = calibrate(pipeline, prepared, truth[few], Calibration.SIGMOID)
    scores = score(calibrated, frame, spec.features, TASKS[1])
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_without_a_method_nothing_happens() -> None:
    spec, (frame, truth) = task_spec(TASKS[0], params={"max_iter": 5}), draw(TASKS[0], 0, 300)
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), truth)
    assert calibrate(pipeline, prepare(frame, spec.features), truth, Calibration.NONE) is pipeline
