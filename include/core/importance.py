"""How much a fitted model leans on each feature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error
from sklearn.pipeline import Pipeline

from include.core.labels import LabelArray
from include.core.pipeline import one_thread, score_prepared
from include.core.prepare import prepare
from include.specs.model import ModelSpec
from include.specs.task import Task

_ROWS = 2000
_REPEATS = 1


def permuted_importance(
    pipeline: Pipeline, rows: pd.DataFrame, labels: LabelArray, spec: ModelSpec, classes: int = 0
) -> dict[str, float]:
    """Return by how much the answers get worse when a feature is shuffled among the rows.

    Binary: by how much the ROC AUC falls; multiclass: the log loss rises; regression: the root mean
    squared error rises.

    Parameters
    ----------
    pipeline
        Fitted.
    rows, labels
        Rows it was not fitted on, as read; evenly chosen ones of them are used.
    spec
        The model.
    classes
        How many classes a multiclass model has.
    """

    def goodness(fitted: Pipeline, prepared: pd.DataFrame, truth: LabelArray) -> float:
        scores = score_prepared(fitted, prepared, spec.task)
        return _goodness(spec.task, truth, scores, classes)

    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).astype(int)
    if spec.task is Task.BINARY_CLASSIFICATION and len(np.unique(labels[chosen])) < 2:
        return dict.fromkeys(spec.features.all, 0.0)
    with one_thread():
        found = permutation_importance(
            pipeline,
            prepare(rows.iloc[chosen], spec.features),
            labels[chosen],
            scoring=goodness,
            n_repeats=_REPEATS,
            random_state=spec.training.seed,
        )
    means = found.importances_mean
    return {name: float(value) for name, value in zip(spec.features.all, means, strict=True)}


def _goodness(task: Task, labels: LabelArray, scores: NDArray[np.float64], classes: int) -> float:
    if task is Task.REGRESSION:
        return -float(root_mean_squared_error(labels, scores))
    if task is Task.MULTICLASS_CLASSIFICATION:
        return -float(log_loss(labels, scores, labels=np.arange(classes)))
    return float(roc_auc_score(labels, scores))
