"""Rows and entities that stand in two parts of the split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from include.core.leakage.finding import Finding, Known
from include.errors import name_some
from include.specs.leakage import LeakageCheck

_EXAMPLES = 3


def row_key_across_split(known: Known) -> list[Finding]:
    """Find row keys in two parts: the same row would train and judge."""
    return list(_shared(LeakageCheck.ROW_KEY_ACROSS_SPLIT, "row keys", known.keys, known))


def entity_across_split(known: Known) -> list[Finding]:
    """Find values of the spec's `entity` columns in two parts; rows without a value are left out."""
    if not len(known.entities.columns):
        return []
    return list(_shared(LeakageCheck.ENTITY_ACROSS_SPLIT, "entities", known.entities, known))


def _shared(check: LeakageCheck, noun: str, columns: pd.DataFrame, known: Known) -> Iterator[Finding]:
    whole = columns.notna().all(axis=1).to_numpy()
    names = list(columns.columns)
    numbers = columns.groupby(names, sort=False, dropna=False).ngroup().to_numpy()
    count = int(numbers.max(initial=-1)) + 1
    seen = [(part, rows & whole) for part, rows in known.parts]
    evidence, facts = [], {}
    for place, (later, later_rows) in enumerate(seen):
        for earlier, earlier_rows in seen[:place]:
            inside = np.zeros(count, dtype=bool)
            inside[numbers[earlier_rows]] = True
            twice = later_rows.copy()
            twice[later_rows] = inside[numbers[later_rows]]
            if twice.any():
                facts[f"{earlier}_{later}_rows"] = int(twice.sum())
                evidence.append(_sentence(noun, columns, twice, later, earlier, int(later_rows.sum())))
    if evidence:
        yield Finding(check, None, "; ".join(evidence), facts)


def _sentence(
    noun: str, columns: pd.DataFrame, twice: np.ndarray, later: str, earlier: str, rows: int
) -> str:
    shown = columns[twice].drop_duplicates()
    examples = [", ".join(map(str, row)) for row in shown.head(_EXAMPLES).itertuples(index=False)]
    return (
        f"{int(twice.sum())} of {rows} {later} rows have {noun} ({', '.join(columns.columns)}) that are also"
        f" in {earlier}, such as {name_some(examples)}"
    )
