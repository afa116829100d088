"""Curves of two models over each other, in few enough points for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

Points: TypeAlias = list[tuple[float, float]]
_POINTS = 200
_BINS = 40


def roc_points(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Points:
    """Return the ROC curve as (false positive rate, true positive rate); both classes must be there."""
    false_positive, true_positive, _ = roc_curve(labels, scores)
    return _thinned(false_positive, true_positive)


def precision_recall_points(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Points:
    """Return the curve as (recall, precision) in rising order of recall; class 1 must be there."""
    precision, recall, _ = precision_recall_curve(labels, scores)
    return _thinned(recall[::-1], precision[::-1])


def residual_points(labels: NDArray[np.float64], models: Sequence[NDArray[np.float64]]) -> list[Points]:
    """Return for each model the share of rows by residual (label minus answer), in common bins.

    The bins span the middle 98 % of all residuals; what lies beyond counts in the outermost ones.
    """
    residuals = [labels - scores for scores in models]
    low, high = np.quantile(np.concatenate(residuals), [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    counts = [np.histogram(np.clip(one, edges[0], edges[-1]), edges)[0] / len(labels) for one in residuals]
    return [_pairs(middles, shares) for shares in counts]


def recall_by_class(
    labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int
) -> list[tuple[int, float | None]]:
    """Return for each class how many rows have it, and the share of those that is answered so."""
    found: list[tuple[int, float | None]] = []
    for code in range(classes):
        rows = labels == code
        found.append((int(rows.sum()), float((answers[rows] == code).mean()) if rows.any() else None))
    return found


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int))
    return _pairs(x[chosen], y[chosen])


def _pairs(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
