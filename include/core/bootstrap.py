"""How sure a difference between two models is: the paired bootstrap.

Rows are drawn with replacement, the same rows for both models, and the difference of their metrics is
measured on each draw; the percentiles of these differences bound the true one.

References
----------
B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993, chapter 13
(percentile intervals).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.specs.task import Metric

RESAMPLES = 1000
_BATCH = 100
_MIN_DEFINED_SHARE = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A difference (first model minus second) and its two-sided confidence interval."""

    difference: float
    lower: float
    upper: float


def bootstrap_difference(
    labels: NDArray[np.int64],
    first: Floats,
    second: Floats,
    metric: Metric,
    confidence: float,
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Bound the difference of a metric between two models that scored the same rows.

    Parameters
    ----------
    labels
        Shape (rows,), 0 or 1.
    first, second
        Shape (rows,), scores of the two models.
    metric
        What is compared; better when higher.
    confidence
        Share of such intervals that hold the true difference, for example 0.95.
    seed
        Equal seeds draw equal rows.
    resamples
        How many draws.

    Returns
    -------
    Interval or None
        None where the metric is not defined: no rows, one class, scores that are not finite, or too
        few rows of one class for 95 % of the draws to hold both.
    """
    if len(np.unique(labels)) < 2 or not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    curves = _Curve(labels, first), _Curve(labels, second)
    once = np.ones((1, len(labels)))
    observed = _differences(curves, once, metric)[0]
    drawn = np.concatenate(
        [_differences(curves, draws, metric) for draws in _draws(len(labels), resamples, seed)]
    )
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < _MIN_DEFINED_SHARE * resamples:
        return None
    lower, upper = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(observed), float(lower), float(upper))


class _Curve:
    """Rows of one model in falling order of score; equal scores form one step."""

    def __init__(self, labels: NDArray[np.int64], scores: Floats) -> None:
        self.order = np.argsort(-scores, kind="stable")
        ordered = scores[self.order]
        self.step_ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        self.positive = labels[self.order] == 1

    def measure(self, weights: Floats, metric: Metric) -> Floats:
        """Return the metric for each row of weights, shape (draws, rows) → (draws,)."""
        ordered = weights[:, self.order]
        hits = np.cumsum(ordered * self.positive, axis=1)[:, self.step_ends]
        misses = np.cumsum(ordered * ~self.positive, axis=1)[:, self.step_ends]
        with np.errstate(invalid="ignore", divide="ignore"):  # a draw without one class gives NaN
            return _roc_auc(hits, misses) if metric is Metric.ROC_AUC else _average_precision(hits, misses)


def _roc_auc(hits: Floats, misses: Floats) -> Floats:
    """Area under hits over misses, by trapezoids from the origin."""
    step = np.diff(misses, axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    area: Floats = (step * (hits + before)).sum(axis=1) / 2
    return area / (hits[:, -1] * misses[:, -1])


def _average_precision(hits: Floats, misses: Floats) -> Floats:
    """Sum of precision times the recall gained at each step."""
    answered = hits + misses
    precision = np.divide(hits, answered, out=np.zeros_like(hits), where=answered > 0)
    gained = np.diff(hits, axis=1, prepend=0.0)
    average: Floats = (gained * precision).sum(axis=1) / hits[:, -1]
    average[misses[:, -1] == 0] = np.nan
    return average


def _differences(curves: tuple[_Curve, _Curve], weights: Floats, metric: Metric) -> Floats:
    return curves[0].measure(weights, metric) - curves[1].measure(weights, metric)


def _draws(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each row is drawn, shape (draws, rows), in batches that bound memory."""
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, _BATCH):
        draws = min(_BATCH, resamples - start)
        chosen = generator.integers(0, rows, (draws, rows)) + np.arange(draws)[:, None] * rows
        yield np.bincount(chosen.ravel(), minlength=draws * rows).reshape(draws, rows).astype(np.float64)
