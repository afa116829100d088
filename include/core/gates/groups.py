"""The groups of rows that a column makes: its values, bins of its numbers, and what has no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING = "(missing)"
MAX_VALUES = 20
BINS = 5

_LONGEST_NAME = 80


@dataclass(frozen=True)
class Groups:
    """Which row belongs to which group.

    Attributes
    ----------
    names
        One a group.
    sizes
        Rows of each group.
    codes
        Shape (rows,), places in `names`.
    """

    names: list[str]
    sizes: NDArray[np.int64]
    codes: NDArray[np.int64]

    def members(self, wanted: Iterable[int]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield each wanted group with the places of its rows, in their order."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(self.sizes)
        for group in wanted:
            yield group, order[ends[group] - self.sizes[group] : ends[group]]


def split_groups(column: pd.Series) -> Groups:
    """Group rows by the values of a column; missing values are a group of their own.

    Numbers and times of more than `MAX_VALUES` different values are cut into `BINS` bins that hold about
    as many rows each; equal values never lie in two of them.
    """
    known = column.notna().to_numpy()
    values = column[known]
    many = len(values) > MAX_VALUES and values.nunique() > MAX_VALUES
    if many and _has_order(values):
        codes, names = _bins(values)
    else:
        found, distinct = pd.factorize(values, sort=False)
        codes, names = np.asarray(found, dtype=np.int64), [_name(value) for value in distinct]
    placed = np.full(len(column), len(names), dtype=np.int64)
    placed[known] = codes
    if not known.all():
        names.append(MISSING)
    return Groups(_unlike(names), np.bincount(placed, minlength=len(names)), placed)


def _has_order(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values):
        return False
    return pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)


def _bins(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Cut between values that are there, so that a bin is named by the least and greatest it may hold."""
    ordered = np.sort(values.to_numpy())
    places = (np.arange(1, BINS) * len(ordered)) // BINS
    cuts = [cut for cut in np.unique(ordered[places]) if cut > ordered[0]]
    edges = [ordered[0], *cuts, ordered[-1]]
    codes = np.searchsorted(np.array(cuts), values.to_numpy(), side="right")
    names = [f"{_name(low)} to below {_name(high)}" for low, high in pairwise(edges[:-1])]
    return codes.astype(np.int64), [*names, f"{_name(edges[-2])} to {_name(edges[-1])}"]


def _name(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else f"{value:.6g}"
    if isinstance(value, np.datetime64):
        return str(pd.Timestamp(value))
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _unlike(names: list[str]) -> list[str]:
    """Number names that are alike, such as long ones that were shortened."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
