"""Metrics that are functions of sums over rows: losses, accuracies, F1, errors and R²."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from include.core.resampling.statistic import Floats
from include.specs.task import Metric

Combine: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""From mean terms, shape (draws, terms), to the metric, shape (draws,); analytic in its terms."""

_STEP = 1e-30


@dataclass(frozen=True)
class RowSums:
    """One metric as a function of the weighted means of its terms.

    Attributes
    ----------
    metric
        Which.
    terms
        Shape (rows, terms); sparse where most are zero, as with classes.
    combine
        What makes the metric of the terms' means.
    """

    metric: Metric
    terms: Floats | csr_array
    combine: Combine

    def measure(self, weights: Floats) -> dict[Metric, Floats]:
        """See `Statistic`."""
        means = weights @ self.terms / weights.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {self.metric: np.asarray(self.combine(means), dtype=np.float64)}

    def influence(self) -> dict[Metric, Floats]:
        """See `Statistic`; the slope of `combine` is taken by a complex step, which loses no digits."""
        means = np.asarray(self.terms.mean(axis=0))
        stepped = means + 1j * _STEP * np.eye(len(means))
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = np.imag(self.combine(stepped)) / _STEP
        return {self.metric: self.terms @ slope - means @ slope}


def mean_of(metric: Metric, values: Floats) -> RowSums:
    """Return the statistic that is the mean of one value a row."""
    return RowSums(metric, values[:, None], lambda means: means[:, 0])


def root_mean_square(residuals: Floats) -> RowSums:
    """Return the root mean squared error of residuals, shape (rows,)."""
    terms = np.square(residuals)[:, None]
    return RowSums(Metric.ROOT_MEAN_SQUARED_ERROR, terms, lambda means: np.sqrt(means[:, 0]))


def r2(labels: Floats, residuals: Floats) -> RowSums:
    """Return R²; labels are taken from their mean first, so that squares keep their digits."""
    centred = labels - labels.mean()
    terms = np.column_stack([np.square(residuals), np.square(centred), centred])

    def combine(means: NDArray[Any]) -> NDArray[Any]:
        spread = means[:, 1] - means[:, 2] ** 2
        return 1 - means[:, 0] / np.where(np.real(spread) > 0, spread, np.nan)

    return RowSums(Metric.R2, terms, combine)


def balanced_accuracy(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> RowSums:
    """Return the mean recall of the classes that a draw holds; undefined where it holds one only."""
    present, codes = np.unique(labels, return_inverse=True)
    right = np.flatnonzero(answers == labels)
    terms = _counted(len(labels), (right, codes[right]), (np.arange(len(labels)), len(present) + codes))

    def combine(means: NDArray[Any]) -> NDArray[Any]:
        recalls, held = _shares(means[:, : len(present)], means[:, len(present) :])
        mean: NDArray[Any] = recalls.sum(axis=1) / np.where(held > 1, held, np.nan)
        return mean

    return RowSums(Metric.BALANCED_ACCURACY, terms, combine)


def f1_macro(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> RowSums:
    """Return the mean F1 of the classes that a draw holds, in the truth or in the answers."""
    present, both = np.unique(np.concatenate([labels, answers]), return_inverse=True)
    truth, answered = both[: len(labels)], both[len(labels) :]
    right, rows = np.flatnonzero(truth == answered), np.arange(len(labels))
    terms = _counted(
        len(labels),
        (right, truth[right]),
        (right, truth[right]),  # F1 counts what is right twice
        (rows, len(present) + truth),
        (rows, len(present) + answered),
    )

    def combine(means: NDArray[Any]) -> NDArray[Any]:
        f1, held = _shares(means[:, : len(present)], means[:, len(present) :])
        mean: NDArray[Any] = f1.sum(axis=1) / held
        return mean

    return RowSums(Metric.F1_MACRO, terms, combine)


def _counted(rows: int, *cells: tuple[NDArray[np.int64], NDArray[np.int64]]) -> csr_array:
    """Count (row, term) pairs into a sparse matrix; the last pair names the last term."""
    at_row = np.concatenate([row for row, _ in cells])
    at_term = np.concatenate([term for _, term in cells])
    terms = int(at_term.max()) + 1
    return csr_array((np.ones(len(at_row)), (at_row, at_term)), shape=(rows, terms))


def _shares(parts: NDArray[Any], wholes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Divide; where there is no whole, the share is 0. Also return how many wholes there are."""
    held = np.real(wholes) > 0
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=held), held.sum(axis=1)
