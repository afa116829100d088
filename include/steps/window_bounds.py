"""How large the values are that window features add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.adapters.feature_rows import RowsDatabase
from include.core.feature_sql import bounds_sql
from include.core.packed_sums import Bounds
from include.specs import DatasetSpec
from include.specs.derived import Derived


def window_bounds(
    rows: RowsDatabase, datasets: Mapping[str, DatasetSpec], derived: Sequence[Derived]
) -> dict[str, Bounds]:
    """Look up the bounds of every dataset whose columns are summed.

    Parameters
    ----------
    rows
        The views of the datasets.
    datasets
        The datasets that features are derived from, by name.
    derived
        The features to compute.
    """
    found = {}
    for name in sorted({one.dataset for one in derived}):
        query = bounds_sql(datasets[name], derived)
        if query is not None:
            sizes = rows.table([], query).to_pylist()[0]
            found[name] = Bounds(sizes.pop("#rows"), {column: int(size) for column, size in sizes.items()})
    return found
