"""The estimators a spec may name: what each is for each task, and which parameters it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge

from include.core.own_estimator import build_own
from include.errors import SpecError
from include.specs.model import ModelSpec
from include.specs.training import Estimator, Value

Params: TypeAlias = Mapping[str, Value]


def build_estimator(spec: ModelSpec, params: Params | None = None) -> BaseEstimator:
    """Build the unfitted estimator that a spec asks for, without looking at any row.

    Parameters
    ----------
    spec
        The model.
    params
        Parameters beside `training.params`, or in their place.

    Raises
    ------
    SpecError
        When a parameter is unknown or has a value the estimator refuses, or an estimator of the user's own
        cannot be built.
    """
    training = spec.training
    given = {**training.params, **(params or {})}
    if training.estimator not in set(Estimator):
        return build_own(spec, given)
    estimator = _of_name(Estimator(training.estimator), spec)
    try:
        estimator.set_params(**given)
        estimator._validate_params()  # else it is done when fitting begins, after minutes of reading
    except ValueError as error:
        raise SpecError(
            f"{training.estimator} refuses training.params: {error}",
            where=f"include/models/{spec.model}.yaml",
            next_step=f"use parameters of scikit-learn's {type(estimator).__name__}, with values it takes",
        ) from None
    return estimator


def _of_name(name: Estimator, spec: ModelSpec) -> BaseEstimator:
    """Build an estimator with our defaults, where they are not those of scikit-learn."""
    classifies, seed = spec.task.is_classification, spec.training.seed
    if name is Estimator.LINEAR:
        if classifies:
            return LogisticRegression(max_iter=1000, random_state=seed)
        return Ridge(random_state=seed)
    if name is Estimator.RANDOM_FOREST:
        forest = RandomForestClassifier if classifies else RandomForestRegressor
        return forest(min_samples_leaf=5, random_state=seed)  # trees of single rows take gigabytes
    first_categorical = len(spec.features.numeric)
    boosting = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    return boosting(
        categorical_features=list(range(first_categorical, len(spec.features.all))) or None,
        early_stopping=False,  # it would hold out rows at random, across time
        random_state=seed,
    )
