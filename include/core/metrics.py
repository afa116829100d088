"""How good scores are, by the metrics of each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from include.specs.task import Metric, Task


def measure(
    task: Task,
    labels: NDArray[np.int64] | NDArray[np.float64],
    scores: NDArray[np.float64],
    classes: Sequence[str] = (),
) -> dict[str, float]:
    """Measure scores against the truth.

    Parameters
    ----------
    task
        Which metrics: `METRICS` has them.
    labels
        Shape (rows,): 0 or 1, codes into `classes`, or values.
    scores
        Shape (rows,), probabilities of class 1 or values; multiclass: shape (rows, classes), probabilities.
    classes
        The names of the classes; empty unless multiclass.

    Returns
    -------
    dict
        By the metrics' names; a binary model's accuracies are those of answers from one half on. One that
        is not defined, because there are no rows, only one class, equal values, or scores that are not
        finite, is left out.
    """
    if not len(labels) or not np.isfinite(scores).all():
        return {}
    if task is Task.REGRESSION:
        measured = _of_values(labels, scores)
    elif task is Task.MULTICLASS_CLASSIFICATION:
        measured = _of_classes(labels, scores, len(classes))
    else:
        measured = _of_two_classes(labels, scores)
    return {str(name): float(value) for name, value in measured.items()}


def _of_two_classes(labels: NDArray[Any], scores: NDArray[np.float64]) -> dict[Metric, float]:
    answered = (scores >= 0.5).astype(np.int64)
    measured = {
        Metric.BRIER_LOSS: brier_score_loss(labels, scores, pos_label=1),
        Metric.LOG_LOSS: log_loss(labels, scores, labels=[0, 1]),
        Metric.ACCURACY: accuracy_score(labels, answered),
    }
    if len(np.unique(labels)) == 2:
        measured[Metric.ROC_AUC] = roc_auc_score(labels, scores)
        measured[Metric.AVERAGE_PRECISION] = average_precision_score(labels, scores)
        measured[Metric.BALANCED_ACCURACY] = balanced_accuracy_score(labels, answered)
    return measured


def _of_classes(labels: NDArray[Any], scores: NDArray[np.float64], classes: int) -> dict[Metric, float]:
    """Average F1 over the classes that are there, in the truth or in the answers."""
    answered = scores.argmax(axis=1)
    present = np.unique(labels)
    measured = {
        Metric.LOG_LOSS: log_loss(labels, scores, labels=np.arange(classes)),
        Metric.ACCURACY: accuracy_score(labels, answered),
        Metric.F1_MACRO: f1_score(
            labels, answered, labels=np.union1d(present, answered), average="macro", zero_division=0.0
        ),
    }
    if len(present) > 1:  # the mean recall of the classes that are there; sklearn warns of the others
        recalls = [(answered[labels == one] == one).mean() for one in present]
        measured[Metric.BALANCED_ACCURACY] = float(np.mean(recalls))
    return measured


def _of_values(labels: NDArray[Any], scores: NDArray[np.float64]) -> dict[Metric, float]:
    measured = {
        Metric.MEAN_ABSOLUTE_ERROR: mean_absolute_error(labels, scores),
        Metric.ROOT_MEAN_SQUARED_ERROR: root_mean_squared_error(labels, scores),
    }
    if len(np.unique(labels)) > 1:
        measured[Metric.R2] = r2_score(labels, scores)
    return measured
