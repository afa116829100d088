from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from include.core.metrics import measure
from include.core.resampling.metrics import statistics_of
from include.specs.task import METRICS, Metric, Task

CASES = [pytest.param(task, metric, id=f"{task}-{metric}") for task in Task for metric in METRICS[task]]


def sample(task: Task, rows: int, seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    if task is Task.REGRESSION:
        labels = generator.normal(10, 3, rows)
        return labels, labels + generator.normal(size=rows)
    if task is Task.MULTICLASS_CLASSIFICATION:
        labels = generator.integers(0, 3, rows)
        raw = generator.gamma(1.0, size=(rows, 3)) + (labels[:, None] == np.arange(3))
        return labels, raw / raw.sum(axis=1, keepdims=True)
    labels = generator.integers(0, 2, rows)
    scores = 1 / (1 + np.exp(-labels - generator.normal(size=rows)))
    return labels, np.round(scores, 1) if ties else scores


def weighted(
    task: Task, metric: Metric, weights: np.ndarray, labels: np.ndarray, scores: np.ndarray
) -> float:
    [one] = statistics_of(task, labels, scores, [metric], 0.4)
    return float(one.measure(weights[None, :].astype(np.float64))[metric][0])


SCORED: dict[Metric, Callable[..., float]] = {
    Metric.ROC_AUC: reference.roc_auc_score,
    Metric.AVERAGE_PRECISION: reference.average_precision_score,
    Metric.BRIER_LOSS: reference.brier_score_loss,
    Metric.LOG_LOSS: reference.log_loss,
    Metric.MEAN_ABSOLUTE_ERROR: reference.mean_absolute_error,
    Metric.ROOT_MEAN_SQUARED_ERROR: reference.root_mean_squared_error,
    Metric.R2: reference.r2_score,
}
ANSWERED: dict[Metric, Callable[..., float]] = {
    Metric.ACCURACY: reference.accuracy_score,
    Metric.BALANCED_ACCURACY: reference.balanced_accuracy_score,
    Metric.F1_MACRO: lambda *pair, **more: reference.f1_score(*pair, average="macro", **more),
}


@pytest.mark.parametrize(("task", "metric"), CASES)
@given(seed=st.integers(0, 10_000), ties=st.booleans(), data=st.data())
def test_weighted_metrics_equal_those_of_scikit_learn(
    task: Task, metric: Metric, seed: int, ties: bool, data: st.DataObject
) -> None:
    labels, scores = sample(task, 25, seed, ties)
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=25, max_size=25))
    weights = np.array(drawn, dtype=np.float64)
    if task.is_classification:  # every class is in the draw
        weights[np.unique(labels, return_index=True)[1]] = 1.0
    weights[:2] += 1.0
    if metric in SCORED:
        expected = SCORED[metric](labels, scores, sample_weight=weights)
    else:
        answers = scores >= 0.4 if scores.ndim == 1 else scores.argmax(axis=1)
        kept = weights > 0  # a class that nobody drew counts nowhere
        expected = ANSWERED[metric](labels[kept], answers[kept], sample_weight=weights[kept])
    assert weighted(task, metric, weights, labels, scores) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("task", list(Task))
def test_equal_weights_measure_what_is_measured_once(task: Task) -> None:
    labels, scores = sample(task, 300, 3)
    once = measure(task, labels, scores, ["a", "b", "c"] if scores.ndim == 2 else [])
    assert set(once) == {str(metric) for metric in METRICS[task]}
    for metric in METRICS[task]:
        [one] = statistics_of(task, labels, scores, [metric])
        value = one.measure(np.ones((1, 300)))[metric][0]
        assert value == pytest.approx(once[metric], abs=1e-12)


@pytest.mark.parametrize(("task", "metric"), CASES)
@pytest.mark.parametrize("ties", [False, True])
def test_an_influence_is_the_slope_in_the_weight_of_a_row(task: Task, metric: Metric, ties: bool) -> None:
    """Compared with central differences; the definition of the influence is such a slope."""
    labels, scores = sample(task, 30, 7, ties)
    [one] = statistics_of(task, labels, scores, [metric], 0.4)
    step = 1e-5
    slopes = []
    for row in range(30):
        up, down = np.ones(30), np.ones(30)
        up[row] += step
        down[row] -= step
        slopes.append(
            30
            * (weighted(task, metric, up, labels, scores) - weighted(task, metric, down, labels, scores))
            / (2 * step)
        )
    influence = one.influence()[metric]
    np.testing.assert_allclose(influence, slopes, atol=1e-6)
    assert influence.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("metric", [Metric.ROC_AUC, Metric.AVERAGE_PRECISION, Metric.BALANCED_ACCURACY])
def test_a_draw_of_one_class_is_not_a_number(metric: Metric) -> None:
    [one] = statistics_of(Task.BINARY_CLASSIFICATION, np.array([0, 1]), np.array([0.1, 0.9]), [metric])
    assert np.isnan(one.measure(np.array([[2.0, 0.0], [0.0, 2.0]]))[metric]).all()


def test_a_draw_of_equal_values_has_no_r2() -> None:
    [one] = statistics_of(Task.REGRESSION, np.array([1.0, 5.0]), np.array([1.5, 4.0]), [Metric.R2])
    assert np.isnan(one.measure(np.array([[0.0, 2.0]]))[Metric.R2][0])
