"""What a trial of a search is scored on: growing spans of the days before the holdout.

All folds look ahead equally far, as long as the validation part is; the last one fits on the whole train
part and is scored on the validation part. The holdout is in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from include.core.metrics import measure
from include.core.pipeline import build_pipeline, one_thread, require_finite, score
from include.core.prepare import prepare
from include.core.search_space import Params
from include.core.training_set import TrainingSet, check_classes
from include.errors import TrainingDataError
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
        When a fold has nothing to train on or to be scored on; names the fold.
    """
    training = spec.training
    count = training.search.folds if training.search else 1
    holdout_first = as_of - timedelta(days=spec.label.grace + training.holdout)
    starts = [holdout_first - timedelta(days=training.validation * (count - n)) for n in range(count)]
    folds = [_fold(number, data.matured, first, training.validation) for number, first in enumerate(starts)]
    for fold in folds:
        _check(fold, data, spec, count)
    return folds


def score_fold(spec: ModelSpec, data: TrainingSet, fold: Fold, params: Params) -> float:
    """Fit on one fold with a trial's parameters and measure the answer on the days after.

    Scores are measured as the estimator gives them, before any calibration.

    Raises
    ------
    DataError, SpecError
        As `build_pipeline` and `prepare`.
    TrainingDataError
        When the metric is not defined for the scores, as where one is not a number.
    """
    pipeline = build_pipeline(spec, params)
    prepared = prepare(data.rows[fold.train], spec.features)
    require_finite(prepared, pipeline)
    with one_thread():
        pipeline.fit(prepared, data.labels[fold.train])
    scores = score(pipeline, data.rows[fold.scored], spec.features, spec.task)
    metric = search_metric(spec)
    measured = measure(spec.task, data.labels[fold.scored], scores)
    if metric not in measured:
        raise TrainingDataError(
            f"{metric} is not defined for the scores of fold {fold.number + 1}: they may not be numbers",
            where=f"model {spec.model}",
            next_step="narrow `training.search.space`",
        )
    return measured[metric]


def _fold(number: int, matured: NDArray[np.datetime64], first: date, days: int) -> Fold:
    end = first + timedelta(days=days)
    train = matured < np.datetime64(first)
    scored = ~train & (matured < np.datetime64(end))
    return Fold(number, train, scored, first, end - timedelta(days=1))


def _check(fold: Fold, data: TrainingSet, spec: ModelSpec, count: int) -> None:
    name = f"fold {fold.number + 1} of {count}"
    check_classes(data.labels[fold.train], f"{name}, train", spec)
    check_classes(data.labels[fold.scored], f"{name}, scored", spec)
