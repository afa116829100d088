"""The one feature pipeline: the same code fits and scores, in training and every night."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from include.core.encoding import (
    MAX_CATEGORIES,
    MAX_ONE_HOT_CATEGORIES,
    as_codes,
    as_indicators,
    frequent_categories,
)
from include.core.estimators import Params, build_estimator
from include.core.prepare import prepare
from include.errors import DataError, name_some
from include.specs.model import Features, ModelSpec
from include.specs.task import Task
from include.specs.training import Estimator

_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def build_pipeline(
    spec: ModelSpec, params: Params | None = None, prepared: pd.DataFrame | None = None
) -> Pipeline:
    """Build the unfitted pipeline that a spec asks for.

    Unseen categories and missing values are answered, never refused.

    Parameters
    ----------
    spec
        The model.
    params
        Parameters of the estimator beside `training.params`, or in their place.
    prepared
        The rows it will be fitted on, as `prepare` returns them: only their frequent categories are kept
        in the model. None: the encoder keeps every category it meets.

    Returns
    -------
    Pipeline
        Takes what `prepare` returns.

    Raises
    ------
    SpecError
        As `build_estimator`.
    """
    estimator, features = build_estimator(spec, params), spec.features
    linear = spec.training.estimator == Estimator.LINEAR
    most = MAX_ONE_HOT_CATEGORIES if linear else MAX_CATEGORIES
    if isinstance(estimator, _BOOSTING):
        most = min(most, estimator.max_bins - 1)
    kept = None if prepared is None else frequent_categories(prepared, features, most)
    encoder = as_indicators(features, kept) if linear else as_codes(features, kept, most)
    return Pipeline([("features", encoder), ("estimator", estimator)])


def score(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    features: Features,
    task: Task = Task.BINARY_CLASSIFICATION,
) -> NDArray[np.float64]:
    """Score rows, in their order.

    Parameters
    ----------
    pipeline
        A fitted pipeline of `build_pipeline`.
    frame
        Rows as read, not yet prepared; none is fine.
    features
        The features that the pipeline was fitted with.
    task
        The task that it was fitted for.

    Returns
    -------
    np.ndarray
        float64. Binary: shape (rows,), the probability of class 1. Multiclass: shape (rows, classes),
        probabilities in the order of the classes' codes. Regression: shape (rows,), values. What an
        estimator answers that is not a number is returned as it is.

    Raises
    ------
    DataError
        As `prepare` and `require_finite`.
    """
    if frame.empty:
        return np.empty(_shape_of_none(pipeline, task), dtype=np.float64)
    prepared = prepare(frame, features)
    require_finite(prepared, pipeline)
    return score_prepared(pipeline, prepared, task)


def score_prepared(pipeline: Pipeline, prepared: pd.DataFrame, task: Task) -> NDArray[np.float64]:
    """Score rows that are prepared and known to be finite; see `score`."""
    with one_thread():
        if task is Task.REGRESSION:
            return np.asarray(pipeline.predict(prepared), dtype=np.float64)
        probabilities = np.asarray(pipeline.predict_proba(prepared), dtype=np.float64)
    return probabilities[:, 1] if task is Task.BINARY_CLASSIFICATION else probabilities


def answers(
    task: Task, scores: NDArray[np.float64], threshold: float | None
) -> NDArray[np.int64] | NDArray[np.float64]:
    """Turn scores into answers: 0 or 1 by the threshold, codes of classes, or the values themselves."""
    if task is Task.REGRESSION:
        return scores
    if task is Task.MULTICLASS_CLASSIFICATION:
        codes: NDArray[np.int64] = scores.argmax(axis=1)
        return codes
    if threshold is None:
        raise ValueError("a binary version has a threshold")
    return (scores >= threshold).astype(np.int64)


def estimator_of(pipeline: Pipeline) -> BaseEstimator:
    """Return the estimator at the end of a pipeline, without the calibration around it."""
    last = pipeline[-1]
    return last.estimator.estimator if isinstance(last, CalibratedClassifierCV) else last


def require_finite(prepared: pd.DataFrame, pipeline: Pipeline) -> None:
    """Refuse infinite numbers where the estimator cannot take them; a histogram has room for them.

    Raises
    ------
    DataError
        Names the features.
    """
    estimator = estimator_of(pipeline)
    if isinstance(estimator, _BOOSTING):
        return
    numbers = prepared.select_dtypes("float64")
    infinite = [name for name in numbers.columns if np.isinf(numbers[name]).any()]
    if infinite:
        raise DataError(
            f"feature {name_some(infinite)} holds infinity, which {type(estimator).__name__} cannot take",
            next_step="quarantine such rows by a rule `expect: column_values_to_be_between` in the contract",
            features=infinite,
        )


def one_thread() -> threadpool_limits:
    """Fit and score on one thread for as long as the block lasts.

    OpenMP's threads wait for each other busily: where other tasks share the cores, two threads took
    twenty times as long as one. One thread also adds numbers up in the same order on every machine.
    """
    return threadpool_limits(limits=1, user_api="openmp")


def _shape_of_none(pipeline: Pipeline, task: Task) -> tuple[int, ...]:
    return (0, len(pipeline.classes_)) if task is Task.MULTICLASS_CLASSIFICATION else (0,)
