"""Asking a version about rows that were made up, and saying which rows they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.prepare import prepare
from include.specs.gates import Cell
from include.specs.model import Features
from include.specs.task import Task

MAX_ROWS = 1000
_MAX_SHOWN_FEATURES = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """A version that can be asked.

    Attributes
    ----------
    version, task, features, classes
        What was recorded with it.
    score
        Takes rows with its features, answers as `include.core.pipeline.score` does.
    answer
        Turns scores into answers; of a multiclass version, into places in `classes`.
    """

    version: int
    task: Task
    features: Features
    classes: list[str]
    score: Callable[[pd.DataFrame], Floats]
    answer: Callable[[Floats], NDArray[Any]]

    def unknown(self, columns: Iterable[str]) -> list[str]:
        """Return those columns that the version was not trained with."""
        return [name for name in columns if name not in self.features.all]

    def choose(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Take at most `MAX_ROWS` rows, evenly from the first to the last, and prepare them."""
        places = np.linspace(0, len(rows) - 1, min(len(rows), MAX_ROWS)).astype(int)
        return prepare(rows.iloc[places].reset_index(drop=True), self.features)

    def changed(self, rows: pd.DataFrame, values: Mapping[str, Cell]) -> pd.DataFrame:
        """Return a copy of prepared rows with the same value in every row of some features."""
        return rows.assign(**{name: self._column(name, value, len(rows)) for name, value in values.items()})

    def row(self, values: Mapping[str, Cell]) -> pd.DataFrame:
        """Make one row; features that are left out are missing."""
        full = {name: values.get(name) for name in self.features.all}
        return pd.DataFrame({name: self._column(name, value, 1) for name, value in full.items()})

    def _column(self, name: str, value: Cell, rows: int) -> pd.Series:
        if name in self.features.numeric and (value is None or isinstance(value, bool | int | float)):
            return pd.Series(np.full(rows, np.nan if value is None else float(value)))
        return pd.Series([value] * rows, dtype=object)


def describe(rows: pd.DataFrame, place: int, first: Iterable[str]) -> str:
    """Say the values of one row, those of `first` before the others, at most a dozen."""
    names = list(dict.fromkeys([*first, *rows.columns]))
    shown = ", ".join(f"{name}={_text(rows[name].iloc[place])}" for name in names[:_MAX_SHOWN_FEATURES])
    more = len(names) - _MAX_SHOWN_FEATURES
    return f"{shown} and {more} more" if more > 0 else shown


def said(values: Mapping[str, Cell]) -> str:
    """Say what features are set to."""
    return ", ".join(f"{name}={_text(value)}" for name, value in values.items())


def score_text(score: Floats) -> str:
    """Say the score of one row."""
    return ", ".join(f"{value:.4f}" for value in np.atleast_1d(score))


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else f"{value!s:.60}"
