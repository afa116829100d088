"""A feature that alone predicts a class or a number suspiciously well.

What a ROC AUC is for two classes, these are for other labels, on the same scale and with the same limit:

- classes: the mean of the AUCs of each class against the others, weighted by its rows. The mean, because
  one class of several is often told by one feature, and rightly.
- numbers: the chance that of two rows with different labels the one with the greater label has the greater
  score, ties counted half. For labels 0 and 1 that is the ROC AUC. 0.95 is a correlation of about 0.99.

The share of rows that a feature decides is that of values which only ever come with one label, on two days
at least and on more than chance explains.

References
----------
F. E. Harrell, R. M. Califf, D. B. Pryor, K. L. Lee, R. A. Rosati, "Evaluating the yield of medical tests",
JAMA 247 (1982), 2543-2546: the index of concordance.
R. H. Somers, "A new asymmetric measure of association for ordinal variables", American Sociological Review
27 (1962), 799-811.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau

from include.core.labels import LabelArray
from include.core.leakage.feature_score import FeatureScore, OtherExample
from include.core.leakage.finding import Days
from include.core.leakage.groups import (
    Groups,
    bin_numbers,
    count_labels,
    group_values,
    is_number,
    usual_or_not,
)
from include.core.leakage.rank_auc import SMOOTHING_ROWS, number_auc, out_of_fold_auc
from include.specs.leakage import Leakage
from include.specs.task import Task

_SURE = 4.0
_MOST_CLASSES = 10
"""The most frequent classes are looked at."""
_EXAMPLES = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """The labels of the rows looked at.

    Attributes
    ----------
    labels, matured, folds
        Shape (rows,).
    task, classes
        What the labels mean.
    """

    labels: LabelArray
    matured: Days
    folds: NDArray[np.int64]
    task: Task
    classes: tuple[str, ...]


def score_other(column: pd.Series, truth: Truth, limits: Leakage, level: float) -> FeatureScore:
    """Score one feature by itself against classes or numbers.

    Parameters
    ----------
    column
        The feature, prepared.
    truth
        The labels of its rows.
    limits
        The spec's.
    level
        How often chance may give a value that decides.
    """
    values = group_values(column)
    bins, apart = (bin_numbers(values), usual_or_not(values)) if is_number(column) else (values, values)
    of_numbers = truth.task is Task.REGRESSION
    score = (_concordance if of_numbers else _mean_auc)(column, values, bins, truth)
    decided = _decided(apart, truth, level)
    decided_share = float(decided[apart.codes].mean())
    high = score >= limits.suspicious_score and score - 0.5 > _SURE * _chance(len(truth.labels))
    return FeatureScore(
        feature=str(column.name),
        auc=score,
        decided_share=decided_share,
        rows=len(truth.labels),
        examples=_examples(apart if decided.any() else bins, truth, decided),
        suspicious=bool(high or decided_share >= limits.decided_share),
        measure="concordance" if of_numbers else "mean ROC AUC of the classes",
    )


def _mean_auc(column: pd.Series, values: Groups, bins: Groups, truth: Truth) -> float:
    rows = np.bincount(truth.labels.astype(np.int64))
    classes = np.argsort(-rows, kind="stable")[: min(_MOST_CLASSES, np.count_nonzero(rows))]
    found = [_auc(column, values, bins, (truth.labels == one).astype(np.int64), truth) for one in classes]
    return float(np.average(found, weights=rows[classes]))


def _auc(column: pd.Series, values: Groups, bins: Groups, ones: NDArray[np.int64], truth: Truth) -> float:
    auc = out_of_fold_auc(bins.codes, ones, truth.folds, len(bins.values))
    if is_number(column):
        counts = count_labels(values.codes, ones, len(values.values))
        auc = max(auc, number_auc(counts, values.has_missing))
    return auc


def _concordance(column: pd.Series, values: Groups, bins: Groups, truth: Truth) -> float:
    """Return the best concordance: of means out of fold, or of a number itself, missing below or above."""
    labels = truth.labels.astype(np.float64)
    found = [concordance(_means_elsewhere(bins, labels, truth.folds), labels)]
    if is_number(column):
        orders = [values.codes]
        if values.has_missing:
            orders.append((values.codes + 1) % len(values.values))
        found += [max(one, 1 - one) for order in orders for one in [concordance(order, labels)]]
    return max(found)


def concordance(scores: NDArray[np.int64] | Floats, labels: Floats) -> float:
    """Return the chance that of two rows with unequal labels the greater has the greater score.

    Kendall's tau counts the pairs; it is freed from its own treatment of ties, for Somers' D counts the
    ties of the scores half and leaves the ties of the labels out. 0.5 where either does not vary.
    """
    pairs = len(labels) * (len(labels) - 1) / 2
    unequal_labels, unequal_scores = pairs - _tied(labels), pairs - _tied(scores)
    if not unequal_labels or not unequal_scores:
        return 0.5
    tau = float(kendalltau(scores, labels).statistic)
    return 0.5 + tau * float(np.sqrt(unequal_scores / unequal_labels)) / 2


def _tied(values: NDArray[np.int64] | Floats) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())


def _means_elsewhere(bins: Groups, labels: Floats, folds: NDArray[np.int64]) -> Floats:
    """Return for each row the mean label of its group in the other folds, mixed with the overall mean."""
    count, groups = int(folds.max()) + 1, len(bins.values)
    cells = bins.codes * count + folds
    rows = np.bincount(cells, minlength=groups * count).reshape(groups, count)
    sums = np.bincount(cells, weights=labels, minlength=groups * count).reshape(groups, count)
    rows, sums = rows.sum(axis=1, keepdims=True) - rows, sums.sum(axis=1, keepdims=True) - sums
    means: Floats = (sums + SMOOTHING_ROWS * labels.mean()) / (rows + SMOOTHING_ROWS)
    return np.asarray(means.ravel()[cells], dtype=np.float64)


def _decided(groups: Groups, truth: Truth, level: float) -> NDArray[np.bool_]:
    """Mark groups with one label only, on more days than chance explains; see `predicts_label`."""
    _, codes = np.unique(truth.labels, return_inverse=True)
    share = np.bincount(codes) / len(codes)
    least, most = np.full(len(groups.values), len(share)), np.full(len(groups.values), -1)
    np.minimum.at(least, groups.codes, codes)
    np.maximum.at(most, groups.codes, codes)
    pure = least == most
    rows = pure[groups.codes]
    pairs = pd.DataFrame({"group": groups.codes[rows], "day": truth.matured[rows]}).drop_duplicates()
    days = np.bincount(pairs["group"], minlength=len(pure))
    chance = share[np.where(pure, most, 0)] ** days
    return np.asarray(pure & (days > 1) & (chance < level / len(pure)), dtype=bool)


def _chance(rows: int) -> float:
    """Return the standard deviation of the concordance of a feature that says nothing (M. G. Kendall)."""
    return float(np.sqrt((4 * rows + 10) / (9 * rows * max(rows - 1, 1))) / 2)


def _examples(groups: Groups, truth: Truth, decided: NDArray[np.bool_]) -> list[OtherExample]:
    """Return the decided groups first, then the largest ones."""
    rows = np.bincount(groups.codes, minlength=len(groups.values))
    weight = rows + np.where(decided, len(truth.labels), 0) if decided.any() else rows
    chosen = [int(group) for group in np.argsort(-weight, kind="stable")[:_EXAMPLES] if rows[group]]
    return [
        OtherExample(groups.name(group), int(rows[group]), _label_of(truth, groups.codes == group))
        for group in chosen
    ]


def _label_of(truth: Truth, rows: NDArray[np.bool_]) -> str:
    labels = truth.labels[rows]
    if truth.task is Task.REGRESSION:
        return f"mean label {labels.mean():.4g}"
    counts = np.bincount(labels.astype(np.int64))
    return f"label {truth.classes[int(counts.argmax())]!r} in {counts.max() / len(labels):.0%}"
