"""A feature that alone predicts the label suspiciously well.

Two measures, because a leak need not cover all rows:

- the ROC AUC of the feature by itself, of a number in its own order, and of every feature by its
  values' shares of class 1, learned out of fold (a fold is every fifth day of maturity, so that a group
  that was entered together does not vouch for itself);
- the share of rows it decides: rows with a value that only ever comes with one label. Values seen on so
  few days that chance explains it are left out.

What other tasks measure in the place of an AUC is said in `predicts_other`.

Judged on the train and validation parts; the holdout's labels are not looked at.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.leakage.feature_score import Example, FeatureScore
from include.core.leakage.finding import Days, Finding, Known
from include.core.leakage.groups import (
    Groups,
    bin_numbers,
    count_labels,
    group_values,
    is_number,
    usual_or_not,
)
from include.core.leakage.predicts_other import Truth, score_other
from include.core.leakage.rank_auc import chance_auc, number_auc, out_of_fold_auc
from include.specs.leakage import Leakage, LeakageCheck
from include.specs.task import Task

_FOLDS = 5
_FALSE_ALARM_RATE = 0.01
"""Chance may give a value that decides, of any feature, in this share of trainings."""
_SURE = 4.0
"""An AUC counts when it lies this many standard deviations above 0.5."""
_EXAMPLES = 3


def score_features(known: Known, limits: Leakage) -> list[FeatureScore]:
    """Score every feature by itself, the strongest first; none where these parts hold only one label."""
    chosen = known.split.train | known.split.validation
    labels, matured = known.labels[chosen], known.matured[chosen]
    if len(np.unique(labels)) < 2:
        return []
    folds = _folds(matured)
    level = _FALSE_ALARM_RATE / len(known.feature_names)
    if known.task is Task.BINARY_CLASSIFICATION:
        scores = [
            _score(known.features[name][chosen], labels.astype(np.int64), matured, folds, limits, level)
            for name in known.feature_names
        ]
    else:
        truth = Truth(labels, matured, folds, known.task, known.classes)
        scores = [
            score_other(known.features[name][chosen], truth, limits, level) for name in known.feature_names
        ]
    return sorted(scores, key=lambda score: (-score.auc, -score.decided_share, score.feature))


def predicts_label(scores: list[FeatureScore]) -> list[Finding]:
    """Return the suspicious scores as findings."""
    return [
        Finding(LeakageCheck.PREDICTS_LABEL, score.feature, score.evidence, asdict(score))
        for score in scores
        if score.suspicious
    ]


def _folds(matured: Days) -> NDArray[np.int64]:
    days = matured.astype("datetime64[D]").astype(np.int64)
    enough = len(np.unique(days)) >= _FOLDS
    numbers = days if enough else np.arange(len(days), dtype=np.int64)
    return np.mod(numbers, _FOLDS)


def _score(
    column: pd.Series,
    labels: NDArray[np.int64],
    matured: Days,
    folds: NDArray[np.int64],
    limits: Leakage,
    level: float,
) -> FeatureScore:
    values = group_values(column)
    bins, apart = (bin_numbers(values), usual_or_not(values)) if is_number(column) else (values, values)
    auc = out_of_fold_auc(bins.codes, labels, folds, len(bins.values))
    if is_number(column):
        counts = count_labels(values.codes, labels, len(values.values))
        auc = max(auc, number_auc(counts, values.has_missing))
    decided = _decided(apart, labels, matured, level)
    decided_share = float(decided[apart.codes].mean())
    high = auc >= limits.suspicious_score and auc - 0.5 > _SURE * chance_auc(labels)
    return FeatureScore(
        feature=str(column.name),
        auc=auc,
        decided_share=decided_share,
        rows=len(labels),
        examples=_examples(apart if decided.any() else bins, labels, decided),
        suspicious=bool(high or decided_share >= limits.decided_share),
    )


def _decided(groups: Groups, labels: NDArray[np.int64], matured: Days, level: float) -> NDArray[np.bool_]:
    """Mark groups with one label only, on more days than chance explains.

    Days, not rows: what is entered together shares its fate, so a party of fifty is one observation.
    """
    counts = count_labels(groups.codes, labels, len(groups.values))
    pure = ((counts.ones == 0) | (counts.zeros == 0)) & (counts.rows > 0)
    rows = pure[groups.codes]
    pairs = pd.DataFrame({"group": groups.codes[rows], "day": matured[rows]}).drop_duplicates()
    days = np.bincount(pairs["group"], minlength=len(pure))
    likelier = np.where(counts.zeros == 0, labels.mean(), 1 - labels.mean())
    return np.asarray(pure & (likelier**days < level / len(pure)), dtype=bool)


def _examples(groups: Groups, labels: NDArray[np.int64], decided: NDArray[np.bool_]) -> list[Example]:
    """Return the decided groups first, then those that move most rows away from the overall share."""
    counts = count_labels(groups.codes, labels, len(groups.values))
    share = np.divide(counts.ones, counts.rows, out=np.zeros_like(counts.rows), where=counts.rows > 0)
    weight = counts.rows * np.abs(share - labels.mean())
    if decided.any():
        weight = weight + np.where(decided, len(labels), 0)
    strongest = [group for group in np.argsort(-weight, kind="stable")[:_EXAMPLES] if counts.rows[group]]
    return [Example(groups.name(group), int(counts.rows[group]), float(share[group])) for group in strongest]
