"""ROC AUC of one feature from counts per value: no model, no row touched twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.core.leakage.groups import LabelCounts, count_labels

SMOOTHING_ROWS = 10.0
"""How many rows of the overall share a group's share is mixed with, so that small groups say little."""


def ordered_auc(counts: LabelCounts) -> float:
    """Return the ROC AUC of groups that come in ascending order of their score.

    That is the chance that a row of class 1 has a higher score than one of class 0, ties counted half;
    0.5 where one class has no row.
    """
    ones, zeros = counts.ones, counts.zeros
    pairs = ones.sum() * zeros.sum()
    if not pairs:
        return 0.5
    below = np.cumsum(zeros) - zeros
    return float((ones * (below + zeros / 2)).sum() / pairs)


def number_auc(counts: LabelCounts, missing_last: bool) -> float:
    """Return the best AUC of a number, upwards or downwards, with missing below or above all values."""
    orders = [counts]
    if missing_last:
        orders.append(LabelCounts(np.roll(counts.ones, 1), np.roll(counts.zeros, 1)))
    found = [ordered_auc(order) for order in orders]
    return max(max(auc, 1 - auc) for auc in found)


def out_of_fold_auc(
    codes: NDArray[np.int64], labels: NDArray[np.int64], folds: NDArray[np.int64], groups: int
) -> float:
    """Return the AUC of a group's share of class 1, learned on the other folds only.

    A value that no other fold has says no more than the overall share: a column of names does not look
    clever because each name comes once.
    """
    fold_count = int(folds.max()) + 1
    counts = count_labels(codes * fold_count + folds, labels, groups * fold_count)
    ones, rows = counts.ones.reshape(groups, fold_count), counts.rows.reshape(groups, fold_count)
    elsewhere_ones = ones.sum(axis=1, keepdims=True) - ones
    elsewhere = rows.sum(axis=1, keepdims=True) - rows
    smoothed = (elsewhere_ones + SMOOTHING_ROWS * labels.mean()) / (elsewhere + SMOOTHING_ROWS)
    return ordered_auc(_by_score(smoothed.ravel(), counts))


def chance_auc(labels: NDArray[np.int64]) -> float:
    """Return the standard deviation of the AUC of a feature that says nothing.

    References
    ----------
    H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically larger
    than the other", Annals of Mathematical Statistics 18 (1947), 50-60.
    """
    ones = int(labels.sum())
    pairs = ones * (len(labels) - ones)
    return float(np.sqrt((len(labels) + 1) / (12 * pairs))) if pairs else np.inf


def _by_score(scores: NDArray[np.float64], cells: LabelCounts) -> LabelCounts:
    filled = cells.rows > 0
    distinct, rank = np.unique(scores[filled], return_inverse=True)
    ones = np.bincount(rank, weights=cells.ones[filled], minlength=len(distinct))
    zeros = np.bincount(rank, weights=cells.zeros[filled], minlength=len(distinct))
    return LabelCounts(ones.astype(np.float64), zeros.astype(np.float64))
