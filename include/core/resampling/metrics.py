"""The statistics of each task's metrics, the same metrics as `include.core.metrics` measures once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.core.resampling import row_sums
from include.core.resampling.rank_curve import RANK_METRICS, RankCurve
from include.core.resampling.row_sums import RowSums
from include.core.resampling.statistic import Floats, Labels, Statistic
from include.specs.task import Metric, Task

_SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities are kept so far from 0 and 1, as scikit-learn does: a log loss stays finite."""


def statistics_of(
    task: Task,
    labels: Labels,
    scores: Floats,
    metrics: Sequence[Metric],
    threshold: float = 0.5,
) -> list[Statistic]:
    """Prepare one model's scores for resampling.

    Parameters
    ----------
    task
        What kind of answer is given.
    labels
        Shape (rows,), at least one: 0 or 1, codes of classes, or values.
    scores
        Shape (rows,), or (rows, classes) for several classes; finite.
    metrics
        Which; they must suit the task.
    threshold
        From which score on a binary answer is 1, for accuracies.
    """
    if task is Task.REGRESSION:
        return [_OF_VALUES[metric](labels.astype(np.float64), scores) for metric in metrics]
    answered = _answered(task, labels.astype(np.int64), scores, threshold)
    ranks = tuple(metric for metric in metrics if metric in RANK_METRICS)
    found: list[Statistic] = [RankCurve(answered.labels, scores, ranks)] if ranks else []
    return found + [_OF_ANSWERS[metric](answered) for metric in metrics if metric not in ranks]


@dataclass(frozen=True)
class _Answered:
    """The truth, what a model answered, and the probability it gave the true class; each of shape (rows,)."""

    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    true_class: Floats


def _answered(task: Task, labels: NDArray[np.int64], scores: Floats, threshold: float) -> _Answered:
    if task is Task.MULTICLASS_CLASSIFICATION:
        true_class = scores[np.arange(len(labels)), labels]
        return _Answered(labels, scores.argmax(axis=1).astype(np.int64), true_class)
    true_class = np.where(labels == 1, scores, 1 - scores)
    return _Answered(labels, (scores >= threshold).astype(np.int64), true_class)


def _log_loss(one: _Answered) -> RowSums:
    likelihood = np.clip(one.true_class, _SMALLEST, 1 - _SMALLEST)
    return row_sums.mean_of(Metric.LOG_LOSS, -np.log(likelihood))


_OF_ANSWERS: dict[Metric, Callable[[_Answered], RowSums]] = {
    Metric.LOG_LOSS: _log_loss,
    Metric.BRIER_LOSS: lambda one: row_sums.mean_of(Metric.BRIER_LOSS, np.square(1 - one.true_class)),
    Metric.ACCURACY: lambda one: row_sums.mean_of(
        Metric.ACCURACY, (one.answers == one.labels).astype(np.float64)
    ),
    Metric.BALANCED_ACCURACY: lambda one: row_sums.balanced_accuracy(one.labels, one.answers),
    Metric.F1_MACRO: lambda one: row_sums.f1_macro(one.labels, one.answers),
}

_OF_VALUES: dict[Metric, Callable[[Floats, Floats], RowSums]] = {
    Metric.MEAN_ABSOLUTE_ERROR: lambda labels, scores: row_sums.mean_of(
        Metric.MEAN_ABSOLUTE_ERROR, np.abs(labels - scores)
    ),
    Metric.ROOT_MEAN_SQUARED_ERROR: lambda labels, scores: row_sums.root_mean_square(labels - scores),
    Metric.R2: lambda labels, scores: row_sums.r2(labels, labels - scores),
}
