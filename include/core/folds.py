"""What a trial of a search is scored on: growing spans of the days before the holdout.

All folds look ahead equally far, as long as the validation part is; the last one fits on the whole train
part and is scored on the validation part. The holdout is in none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from include.core.estimators import Params
from include.core.fitting import check_scores, fit_pipeline
from include.core.metrics import measure
from include.core.pipeline import score
from include.core.prepare import prepare
from include.core.training_set import TrainingSet, check_classes
from include.errors import EstimatorError
from include.specs.model import ModelSpec
from include.specs.task import Metric


@dataclass(frozen=True)
class Fold:
    """One fit and what it is scored on.

    Attributes
    ----------
    number
        From 0; each next one trains on more.
    train, scored
        Boolean masks of shape (rows,), disjoint; every label that trains was mature before those that
        are scored.
    first, last
        The first and last day of maturity that is scored, both inclusive.
    """

    number: int
    train: NDArray[np.bool_]
    scored: NDArray[np.bool_]
    first: date
    last: date


def search_metric(spec: ModelSpec) -> Metric:
    """Return what trials are ranked by."""
    named = spec.training.search.metric if spec.training.search else None
    return named or spec.gates.versus_champion.metric


def search_folds(data: TrainingSet, spec: ModelSpec, as_of: date) -> list[Fold]:
    """Lay the folds of a search over the rows that matured before the holdout.

    Parameters
    ----------
    data
        The training set; its holdout rows end up in no fold.
    spec
        The model; it has a search.
    as_of
        The first day whose data is not known yet.

    Raises
    ------
    TrainingDataError
        When a fold has too little to train on or to be scored on; names the fold.
    """
    training = spec.training
    count = training.search.folds if training.search else 1
    holdout_first = as_of - timedelta(days=spec.label.grace + training.holdout)
    starts = [holdout_first - timedelta(days=training.validation * (count - n)) for n in range(count)]
    folds = [_fold(number, data.matured, first, training.validation) for number, first in enumerate(starts)]
    for fold in folds:
        name = f"search.folds, {fold.number + 1} of {count}"
        check_classes(data.labels[fold.train], f"{name}, train", spec, data.classes)
        check_classes(data.labels[fold.scored], f"{name}, scored", spec, data.classes, fits=False)
    return folds


def score_fold(spec: ModelSpec, data: TrainingSet, fold: Fold, params: Params) -> float:
    """Fit on one fold with a trial's parameters and measure the answers on the days after.

    Scores are measured as the estimator gives them, before any calibration.

    Raises
    ------
    SpecError
        When the estimator refuses the parameters.
    EstimatorError
        When it fails with them, or its scores cannot be measured.
    DataError
        When a feature holds what the estimator cannot take.
    """
    pipeline = fit_pipeline(
        spec, prepare(data.rows[fold.train], spec.features), data.labels[fold.train], params
    )
    scores = score(pipeline, data.rows[fold.scored], spec.features, spec.task)
    check_scores(scores, int(fold.scored.sum()), spec, len(data.classes))
    metric = search_metric(spec)
    measured = measure(spec.task, data.labels[fold.scored], scores, data.classes)
    if metric not in measured:
        raise EstimatorError(
            f"{metric} is not defined on fold {fold.number + 1}",
            where=f"model {spec.model}",
            next_step="rank trials by another `training.search.metric`, or take fewer folds",
        )
    return measured[metric]


def mean_up_to(folds: Mapping[int, float], fold: int) -> float:
    """Return the mean of a trial's folds up to one of them, that one included."""
    return fmean(folds[number] for number in range(fold + 1))


def _fold(number: int, matured: NDArray[np.datetime64], first: date, days: int) -> Fold:
    end = first + timedelta(days=days)
    train = matured < np.datetime64(first)
    return Fold(number, train, ~train & (matured < np.datetime64(end)), first, end - timedelta(days=1))
