"""Features as every use of them takes them: training, scoring and profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.errors import DataError
from include.specs.model import Features


def prepare(frame: pd.DataFrame, features: Features) -> pd.DataFrame:
    """Give features the types that the pipeline expects, whichever way the rows were read.

    Parameters
    ----------
    frame
        Rows that hold at least the feature columns; other columns are dropped.
    features
        The model's features.

    Returns
    -------
    pd.DataFrame
        Shape (rows, features), in the order of `features.all`: numeric as float64 with NaN for missing,
        categorical as text with None for missing. Whole numbers become text without a fraction, so
        that a category does not change its name in a partition where a neighbour is missing.

    Raises
    ------
    DataError
        When a numeric feature holds text; names it.
    """
    columns: dict[str, pd.Series[float] | pd.Series[str]] = {}
    for name in features.numeric:
        columns[name] = _as_numbers(frame[name])
    for name in features.categorical:
        columns[name] = as_text(frame[name])
    return pd.DataFrame(columns, columns=features.all, index=frame.index)


def _as_numbers(column: pd.Series) -> pd.Series[float]:
    if isinstance(column.dtype, pd.StringDtype) and column.notna().any():
        raise DataError(
            f"feature {str(column.name)!r} holds text such as {column.dropna().iloc[0]!r:.80}, not numbers",
            next_step="declare it a number in the dataset's spec, as it was when the model was trained, and"
            " ingest these days again; or train a version with it as a categorical feature",
            feature=column.name,
        )
    if column.dtype == object:
        return pd.to_numeric(column.infer_objects().convert_dtypes()).astype("Float64").astype("float64")
    return column.astype("float64")


def as_text(column: pd.Series) -> pd.Series[str]:
    """Name the values of a column, None for missing; whole numbers have no fraction.

    Each distinct value is named once: a column holds few of them beside its rows.
    """
    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    names = np.array([*map(_category_name, distinct), None], dtype=object)
    return pd.Series(names[codes], index=column.index, dtype=object)


def _category_name(value: object) -> str:
    return str(int(value)) if isinstance(value, float | np.floating) and value.is_integer() else str(value)
