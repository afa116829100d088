"""ROC AUC and average precision: metrics of the order that scores bring the rows into."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.core.resampling.statistic import Floats
from include.specs.task import Metric


class RankCurve:
    """Rows of one model in falling order of score; equal scores form one step of the curve.

    Parameters
    ----------
    labels
        Shape (rows,), 0 or 1.
    scores
        Shape (rows,), finite.
    metrics
        Which of ROC AUC and average precision to measure.
    """

    def __init__(self, labels: NDArray[np.int64], scores: Floats, metrics: tuple[Metric, ...]) -> None:
        self.metrics = metrics
        self.order = np.argsort(-scores, kind="stable")
        ordered = scores[self.order]
        ends = np.append(ordered[1:] != ordered[:-1], True)
        self.step_ends = np.flatnonzero(ends)
        self.step_of = np.cumsum(np.append(0, ends[:-1]))
        self.positive = (labels[self.order] == 1).astype(np.float64)

    def measure(self, weights: Floats) -> dict[Metric, Floats]:
        """See `Statistic`."""
        hits, misses = self._steps(weights)
        with np.errstate(invalid="ignore", divide="ignore"):  # a draw without one class gives NaN
            return {metric: _METRIC[metric](hits, misses) for metric in self.metrics}

    def influence(self) -> dict[Metric, Floats]:
        """See `Statistic`."""
        hits, misses = (steps[0] for steps in self._steps(np.ones((1, len(self.order)))))
        found = {}
        for metric in self.metrics:
            if not (hits[-1] and misses[-1]):
                found[metric] = np.full(len(self.order), np.nan)
                continue
            of_hit, of_miss = _SLOPES[metric](hits, misses)
            ordered = np.where(self.positive == 1, of_hit[self.step_of], of_miss[self.step_of])
            found[metric] = np.empty(len(ordered))
            found[metric][self.order] = ordered * len(ordered)
        return found

    def _steps(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the weight of positive and of negative rows up to each step, shape (draws, steps)."""
        ordered = weights[:, self.order]
        hits = np.cumsum(ordered * self.positive, axis=1)
        answered = np.cumsum(ordered, axis=1)
        if len(self.step_ends) < len(self.order):
            hits, answered = hits[:, self.step_ends], answered[:, self.step_ends]
        return hits, answered - hits


def _roc_auc(hits: Floats, misses: Floats) -> Floats:
    """Area under hits over misses, by trapezoids from the origin."""
    area = misses[:, 0] * hits[:, 0]
    area += np.einsum("ij,ij->i", misses[:, 1:] - misses[:, :-1], hits[:, 1:] + hits[:, :-1])
    found: Floats = area / (2 * hits[:, -1] * misses[:, -1])
    return found


def _average_precision(hits: Floats, misses: Floats) -> Floats:
    """Sum of precision times the recall gained at each step."""
    answered = hits + misses
    precision = np.divide(hits, answered, out=np.zeros_like(hits), where=answered > 0)
    gained = np.diff(hits, axis=1, prepend=0.0)
    average = np.einsum("ij,ij->i", gained, precision) / hits[:, -1]
    found: Floats = np.where(misses[:, -1] > 0, average, np.nan)
    return found


def _roc_auc_slopes(hits: Floats, misses: Floats) -> tuple[Floats, Floats]:
    """Return what weight on a positive and on a negative row of each step adds to ROC AUC.

    These are DeLong's placement values: the share of negatives below a positive, of positives above a
    negative, ties counting half, each taken from the area itself.
    """
    positives, negatives = hits[-1], misses[-1]
    area = _roc_auc(hits[None], misses[None])[0]
    below = (negatives - (misses + _before(misses)) / 2) / negatives
    above = (hits + _before(hits)) / 2 / positives
    return (below - area) / positives, (above - area) / negatives


def _average_precision_slopes(hits: Floats, misses: Floats) -> tuple[Floats, Floats]:
    """Return what weight on a positive and on a negative row of each step adds to average precision."""
    positives, answered = hits[-1], hits + misses
    average = _average_precision(hits[None], misses[None])[0]
    gained = np.diff(hits, prepend=0.0)
    later_if_hit = _from_here_on(gained * misses / answered**2)
    later_if_miss = _from_here_on(-gained * hits / answered**2)
    return (hits / answered + later_if_hit - average) / positives, later_if_miss / positives


def _before(steps: Floats) -> Floats:
    return np.concatenate([[0.0], steps[:-1]])


def _from_here_on(values: Floats) -> Floats:
    return np.cumsum(values[::-1])[::-1]


_METRIC = {Metric.ROC_AUC: _roc_auc, Metric.AVERAGE_PRECISION: _average_precision}
_SLOPES = {Metric.ROC_AUC: _roc_auc_slopes, Metric.AVERAGE_PRECISION: _average_precision_slopes}
RANK_METRICS = tuple(_METRIC)
