"""A feature as groups of rows that hold the same value, and how the labels fall into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MAX_BINS = 64
"""A number with more distinct values is put into this many bins of about as many rows each."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """All values of a number from `low` to `high`."""

    low: object
    high: object

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class OtherThan:
    """All values but one."""

    value: object

    def __str__(self) -> str:
        return f"other than {self.value:g}"


@dataclass(frozen=True)
class Groups:
    """Rows by value; missing is a value of its own.

    Attributes
    ----------
    codes
        Shape (rows,): the group of each row.
    values
        Shape (groups,): what a group's rows hold, None for missing.
    """

    codes: NDArray[np.int64]
    values: Sequence[object]

    @property
    def has_missing(self) -> bool:
        """Whether rows without a value form the last group."""
        return bool(len(self.values)) and self.values[-1] is None

    def name(self, group: int) -> str:
        """Return how a message calls the group."""
        value = self.values[group]
        if value is None:
            return "missing"
        if isinstance(value, float):
            return f"{value:g}"
        return repr(f"{value:.60}") if isinstance(value, str) else str(value)


@dataclass(frozen=True)
class LabelCounts:
    """How many rows of each group carry label 1 and label 0, both of shape (groups,)."""

    ones: Counts
    zeros: Counts

    @property
    def rows(self) -> Counts:
        """Rows of each group."""
        return self.ones + self.zeros


def group_values(column: pd.Series) -> Groups:
    """Group rows by exact value: text in the order of appearance, numbers ascending, missing last."""
    values: list[object]
    if is_number(column):
        distinct, codes = np.unique(column.to_numpy(), return_inverse=True)
        values = distinct.tolist()
        if len(distinct) and np.isnan(distinct[-1]):
            values[-1] = None
    else:
        codes, found = pd.factorize(column, use_na_sentinel=True)
        values = [*found, None] if (codes < 0).any() else [*found]
        codes = np.where(codes < 0, len(found), codes)
    return Groups(codes.astype(np.int64), values)


def is_number(column: pd.Series) -> bool:
    """Whether a prepared feature is numeric."""
    return bool(pd.api.types.is_float_dtype(column.dtype))


def bin_numbers(groups: Groups) -> Groups:
    """Put a number's values into at most `MAX_BINS` bins and leave missing as it is."""
    distinct = len(groups.values) - groups.has_missing
    if distinct <= MAX_BINS:
        return groups
    rows = np.bincount(groups.codes, minlength=len(groups.values))[:distinct]
    placed = (np.cumsum(rows) - rows) * MAX_BINS // rows.sum()
    starts = np.flatnonzero(np.diff(placed, prepend=-1))
    bins = np.repeat(np.arange(len(starts)), np.diff(starts, append=distinct))
    spans = [
        Span(groups.values[start], groups.values[end - 1])
        for start, end in pairwise([*starts.tolist(), distinct])
    ]
    bins = np.append(bins, len(starts)).astype(np.int64)
    return Groups(bins[groups.codes], [*spans, None] if groups.has_missing else spans)


def usual_or_not(groups: Groups) -> Groups:
    """Tell a number's commonest value from all others, where it has too many values to tell each apart.

    A strong feature's extreme values come with one label only; that is no leak.
    """
    distinct = len(groups.values) - groups.has_missing
    if distinct <= MAX_BINS:
        return groups
    usual = int(np.argmax(np.bincount(groups.codes, minlength=len(groups.values))[:distinct]))
    codes = np.where(groups.codes == usual, 0, 1)
    codes[groups.codes == distinct] = 2
    named: list[object] = [groups.values[usual], OtherThan(groups.values[usual])]
    return Groups(codes.astype(np.int64), [*named, None] if groups.has_missing else named)


def count_labels(codes: NDArray[np.int64], labels: NDArray[np.int64], groups: int) -> LabelCounts:
    """Count the labels of each group."""
    rows = np.bincount(codes, minlength=groups).astype(np.float64)
    ones = np.bincount(codes, weights=labels, minlength=groups).astype(np.float64)
    return LabelCounts(ones, rows - ones)
