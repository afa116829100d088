"""The one feature pipeline: the same code fits and scores, in training and every night."""

from __future__ import annotations

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
from include.specs.training import Estimator

MAX_CATEGORIES = 254
"""Histogram gradient boosting takes at most 255 distinct values of a categorical feature."""

MAX_ONE_HOT_CATEGORIES = 50


def build_pipeline(spec: ModelSpec) -> Pipeline:
    """Build the unfitted pipeline that a spec asks for.

    Unseen categories and missing values are answered, never refused.

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
        pipeline[-1].set_params(**training.params)
        pipeline[-1]._validate_params()  # else it is done when fitting begins, after minutes of reading
    except ValueError as error:
        raise SpecError(
            f"{training.estimator} refuses training.params: {error}",
            where=f"include/models/{spec.model}.yaml",
            next_step="use parameters of the scikit-learn estimator, with values it takes",
        ) from None
    return pipeline


def score(pipeline: Pipeline, frame: pd.DataFrame, features: Features) -> NDArray[np.float64]:
    """Return the probability of the positive class for each row, in the order of the rows.

    Parameters
    ----------
    pipeline
        A fitted pipeline of `build_pipeline`.
    frame
        Rows as read, not yet prepared; none is fine.
    features
        The features that the pipeline was fitted with.

    Returns
    -------
    np.ndarray
        Shape (rows,), float64.

    Raises
    ------
    DataError
        As `prepare` and `require_finite`.
    """
    if frame.empty:
        return np.empty(0, dtype=np.float64)
    prepared = prepare(frame, features)
    require_finite(prepared, pipeline)
    with one_thread():
        return np.asarray(pipeline.predict_proba(prepared)[:, 1], dtype=np.float64)


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
