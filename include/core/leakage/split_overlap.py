"""Rows and entities that stand in two parts of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.leakage.finding import Finding, Known
from include.errors import name_some
from include.specs.leakage import LeakageCheck

_EXAMPLES = 3


def row_key_across_split(known: Known) -> list[Finding]:
    """Find row keys in two parts: the same row would train and judge."""
    return _shared(LeakageCheck.ROW_KEY_ACROSS_SPLIT, "row keys", known.keys, known)


def entity_across_split(known: Known) -> list[Finding]:
    """Find values of the spec's `entity` columns in two parts; rows without a value are left out."""
    if not len(known.entities.columns):
        return []
    return _shared(LeakageCheck.ENTITY_ACROSS_SPLIT, "entities", known.entities, known)


def _shared(check: LeakageCheck, noun: str, columns: pd.DataFrame, known: Known) -> list[Finding]:
    whole = columns.notna().all(axis=1).to_numpy()
    groups = columns.groupby(list(columns.columns), sort=False, dropna=False)
    numbers = groups.ngroup().to_numpy().astype(np.int64)
    evidence, facts = [], {}
    for (earlier, earlier_rows), (later, later_rows) in known.pairs:
        complete = later_rows & whole
        twice = complete & _stands_in(numbers, earlier_rows & whole)
        if twice.any():
            facts[f"{earlier}_{later}_rows"] = int(twice.sum())
            evidence.append(
                f"{int(twice.sum())} of {int(complete.sum())} {later} rows have {noun}"
                f" ({', '.join(columns.columns)}) that are also in {earlier}, such as"
                f" {_examples(columns[twice])}"
            )
    return [Finding(check, None, "; ".join(evidence), facts)] if evidence else []


def _stands_in(numbers: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark all rows whose number some of `rows` have."""
    there = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=bool)
    there[numbers[rows]] = True
    return there[numbers]


def _examples(columns: pd.DataFrame) -> str:
    shown = columns.drop_duplicates().head(_EXAMPLES)
    return name_some(", ".join(map(str, row)) for row in shown.itertuples(index=False))
