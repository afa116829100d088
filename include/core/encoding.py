"""Features as the matrix an estimator takes."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from include.specs.model import Features

MAX_CATEGORIES = 254
"""Histogram gradient boosting takes at most 255 distinct values of a categorical feature."""

MAX_ONE_HOT_CATEGORIES = 50

Categories = list[list[str | None]]


def frequent_categories(prepared: pd.DataFrame, features: Features, most: int) -> Categories:
    """Return the values of each categorical feature that a model tells apart, sorted, and None for missing.

    The most frequent ones, of equals the first in order: a feature of a million values makes no larger a
    model than one of a few hundred.

    Parameters
    ----------
    prepared
        What `prepare` returned for the rows that train.
    features
        The model's features.
    most
        How many categories an encoder may know, missing and all others included.
    """
    found: Categories = []
    for name in features.categorical:
        counts = prepared[name].value_counts()
        ranked = nsmallest(most - 2, zip(-counts.to_numpy(), counts.index, strict=True))
        found.append([*sorted(value for _, value in ranked), None])
    return found


def as_codes(features: Features, categories: Categories | None, most: int = MAX_CATEGORIES) -> BaseEstimator:
    """Build the transformer for trees: numbers as they are, categories as codes, missing as NaN.

    Parameters
    ----------
    features
        The model's features.
    categories
        See `frequent_categories`; all others share the code `most`. None: those of the rows it is fitted
        on, where rare ones share a code and unseen ones are missing.
    most
        How many categories there may be.
    """
    if categories is None:
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            encoded_missing_value=np.nan,
            max_categories=most,
        )
    else:
        encoder = OrdinalEncoder(
            categories=_arrays(categories),
            handle_unknown="use_encoded_value",
            unknown_value=most,
            encoded_missing_value=np.nan,
        )
    return _by_kind(features, "passthrough", encoder)


def as_indicators(features: Features, categories: Categories | None) -> BaseEstimator:
    """Build the transformer for linear models: numbers filled and scaled, categories as indicators.

    Parameters
    ----------
    features
        The model's features.
    categories
        As in `as_codes`; all others have no indicator set.
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    if categories is None:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT_CATEGORIES)
    else:
        encoder = OneHotEncoder(categories=_arrays(categories), handle_unknown="ignore")
    return _by_kind(features, numbers, encoder)


def _arrays(categories: Categories) -> Sequence[np.ndarray]:
    return [np.array(values, dtype=object) for values in categories]


def _by_kind(
    features: Features, numeric: BaseEstimator | str, categorical: BaseEstimator
) -> ColumnTransformer:
    return ColumnTransformer(
        [("numeric", numeric, features.numeric), ("categorical", categorical, features.categorical)]
    )
