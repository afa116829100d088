"""Rows of a later part that are copies of a row in an earlier part: equal features, equal label.

Where features are few and coarse, rows are alike by chance and nothing leaks. So a row counts only when
chance would rarely give it a twin: the number of equal rows to expect in the earlier part, if the
features were independent of each other within the label, is below `_EXPECTED`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.leakage.finding import Finding, Known
from include.core.leakage.groups import group_values
from include.specs.leakage import Leakage, LeakageCheck

_EXPECTED = 0.05


@dataclass(frozen=True)
class TwinCount:
    """How many of a later part's rows have a twin in an earlier part."""

    earlier: str
    later: str
    twins: int
    by_chance: int
    rows: int

    @property
    def share(self) -> float:
        """Share of the later part's rows with a twin that chance does not explain."""
        return self.twins / self.rows if self.rows else 0.0


def count_twins(known: Known) -> list[TwinCount]:
    """Count twins for every pair of parts."""
    hashes = _hash_rows(known)
    expected = _expected_share(known, hashes)
    counted = []
    for (earlier, earlier_rows), (later, later_rows) in known.pairs:
        twin = np.isin(hashes[later_rows], hashes[earlier_rows])
        by_chance = expected[later_rows] * earlier_rows.sum() >= _EXPECTED
        twins, alike = int((twin & ~by_chance).sum()), int((twin & by_chance).sum())
        counted.append(TwinCount(earlier, later, twins, alike, int(later_rows.sum())))
    return counted


def duplicates_across_split(counted: list[TwinCount], limits: Leakage) -> list[Finding]:
    """Return one finding when any pair of parts shares more rows than the spec allows."""
    above = [pair for pair in counted if pair.twins and pair.share > limits.duplicate_share]
    if not above:
        return []
    evidence = "; ".join(
        f"{pair.twins} of {pair.rows} {pair.later} rows ({pair.share:.1%}) have a twin in {pair.earlier}:"
        " every feature and the label equal, where chance would rarely give one"
        for pair in above
    )
    facts = {f"{pair.earlier}_{pair.later}": asdict(pair) | {"share": pair.share} for pair in above}
    return [Finding(LeakageCheck.DUPLICATES_ACROSS_SPLIT, None, evidence, facts)]


def _hash_rows(known: Known) -> NDArray[np.uint64]:
    """Return a hash of each row's features and label; one column is in memory at a time."""
    hashes: NDArray[np.uint64] = pd.util.hash_array(known.labels)
    for number, name in enumerate(known.features, start=1):
        codes = group_values(known.features[name]).codes.astype(np.uint64)
        hashes = pd.util.hash_array(hashes * np.uint64(31) + codes + np.uint64(number))
    return hashes


def _expected_share(known: Known, hashes: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return for each row which share of other rows chance makes equal to it.

    A feature's values are counted outside the row's own class of equal rows: copies are no evidence that
    their values are common. A single feature has nothing outside; there, equal rows are always chance.
    """
    _, place, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    equal = sizes[place] if len(known.features.columns) > 1 else np.zeros_like(place)
    _, labels = np.unique(known.labels, return_inverse=True)
    of_label = np.bincount(labels)[labels]
    share = of_label / max(len(known.labels), 1)
    for name in known.features:
        cells = group_values(known.features[name]).codes * (labels.max(initial=0) + 1) + labels
        share *= (_rows_alike(cells) - equal) / of_label
    return np.asarray(share, dtype=np.float64)


def _rows_alike(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row how many rows are in its cell; of many cells, numbers without gaps are made."""
    if cells.max(initial=0) > 4 * len(cells):
        cells = pd.factorize(cells)[0]
    counts: NDArray[np.int64] = np.bincount(cells)[cells]
    return counts
