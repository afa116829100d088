"""The one feature pipeline: the same code fits and scores, in training and every night."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from include.core.prepare import prepare
from include.errors import DataError, SpecError, name_some
from include.specs.model import Features, ModelSpec
from include.specs.task import Task
from include.specs.training import Estimator

MAX_CATEGORIES = 254
"""Histogram gradient boosting takes at most 255 distinct values of a categorical feature."""

MAX_ONE_HOT_CATEGORIES = 50


def build_pipeline(spec: ModelSpec, params: Mapping[str, bool | int | float | str] | None = None) -> Pipeline:
    """Build the unfitted pipeline that a spec asks for.

    Unseen categories and missing values are answered, never refused.

    Parameters
    ----------
    spec
        The model.
    params
        Parameters of the estimator beside `training.params`, or in their place.

    Returns
    -------
    Pipeline
        Takes what `prepare` returns.

    Raises
    ------
    SpecError
        When `training.params` names a parameter that the estimator does not have, or a value it refuses.
    """
    training = spec.training
    if training.estimator == Estimator.HIST_GRADIENT_BOOSTING:
        pipeline = _hist_gradient_boosting(spec.features, training.seed)
    else:
        pipeline = _linear(spec.features, training.seed)
    try:
        pipeline[-1].set_params(**(training.params | dict(params or {})))
        pipeline[-1]._validate_params()  # else it is done when fitting begins, after minutes of reading
    except ValueError as error:
        raise SpecError(
            f"{training.estimator} refuses training.params: {error}",
            where=f"include/models/{spec.model}.yaml",
            next_step="use parameters of the scikit-learn estimator, with values it takes",
        ) from None
    return pipeline


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
        return scores.argmax(axis=1)
    if threshold is None:
        raise ValueError("a binary version has a threshold")
    return (scores >= threshold).astype(np.int64)


def _shape_of_none(pipeline: Pipeline, task: Task) -> tuple[int, ...]:
    return (0, len(pipeline.classes_)) if task is Task.MULTICLASS_CLASSIFICATION else (0,)


def require_finite(prepared: pd.DataFrame, pipeline: Pipeline) -> None:
    """Refuse infinite numbers where the estimator cannot take them; a histogram has room for them.

    Raises
    ------
    DataError
        Names the features.
    """
    if isinstance(pipeline[-1], HistGradientBoostingClassifier):
        return
    numbers = prepared.select_dtypes("float64")
    infinite = [name for name in numbers.columns if np.isinf(numbers[name]).any()]
    if infinite:
        raise DataError(
            f"feature {name_some(infinite)} holds infinity, which {type(pipeline[-1]).__name__} cannot take",
            next_step="quarantine such rows by a rule `expect: column_values_to_be_between` in the contract",
            features=infinite,
        )


def one_thread() -> threadpool_limits:
    """Fit and score on one thread for as long as the block lasts.

    OpenMP's threads wait for each other busily: where other tasks share the cores, two threads took
    twenty times as long as one. One thread also adds numbers up in the same order on every machine.
    """
    return threadpool_limits(limits=1, user_api="openmp")


def _hist_gradient_boosting(features: Features, seed: int) -> Pipeline:
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MAX_CATEGORIES,
    )
    split_by_kind = _by_kind(features, "passthrough", encoder)
    first_categorical = len(features.numeric)
    estimator = HistGradientBoostingClassifier(
        categorical_features=list(range(first_categorical, len(features.all))) or None,
        early_stopping=False,  # it would hold out rows at random, across time
        random_state=seed,
    )
    return Pipeline([("features", split_by_kind), ("estimator", estimator)])


def _linear(features: Features, seed: int) -> Pipeline:
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT_CATEGORIES)
    estimator = LogisticRegression(max_iter=1000, random_state=seed)
    return Pipeline([("features", _by_kind(features, numbers, categories)), ("estimator", estimator)])


def _by_kind(
    features: Features, numeric: BaseEstimator | str, categorical: BaseEstimator
) -> ColumnTransformer:
    return ColumnTransformer(
        [("numeric", numeric, features.numeric), ("categorical", categorical, features.categorical)]
    )
