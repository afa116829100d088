"""The score from which on a binary model answers 1, chosen on the validation part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve


def best_f1_threshold(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the threshold with the highest F1; of equals, the highest.

    A row is answered with class 1 when its score is at least the threshold. F1, the harmonic mean of
    precision and recall, needs no costs, which a spec does not know.
    """
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    both = precision[:-1] + recall[:-1]
    f1 = np.divide(2 * precision[:-1] * recall[:-1], both, out=np.zeros_like(both), where=both > 0)
    return float(thresholds[np.flatnonzero(f1 == f1.max())[-1]])
