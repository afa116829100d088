"""How good scores are, and the threshold that turns a score into an answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
)


def measure(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> dict[str, float]:
    """Measure scores against the truth.

    Parameters
    ----------
    labels
        Shape (rows,), 0 or 1.
    scores
        Shape (rows,), probabilities of class 1.

    Returns
    -------
    dict
        `roc_auc_score` and `average_precision_score` (better when higher), `brier_score_loss` (better when
        lower). A metric that is not defined, because there are no rows, only one class, or scores that
        are not finite, is left out.
    """
    if not len(labels) or not np.isfinite(scores).all():
        return {}
    measured = {"brier_score_loss": float(brier_score_loss(labels, scores, pos_label=1))}
    if len(np.unique(labels)) == 2:
        measured["roc_auc_score"] = float(roc_auc_score(labels, scores))
        measured["average_precision_score"] = float(average_precision_score(labels, scores))
    return measured


def best_f1_threshold(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the threshold with the highest F1; of equals, the highest.

    A row is answered with class 1 when its score is at least the threshold. F1, the harmonic mean of
    precision and recall, needs no costs, which a spec does not know.
    """
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    both = precision[:-1] + recall[:-1]
    f1 = np.divide(2 * precision[:-1] * recall[:-1], both, out=np.zeros_like(both), where=both > 0)
    return float(thresholds[np.flatnonzero(f1 == f1.max())[-1]])
