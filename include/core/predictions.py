"""Predictions as they are published: one row an entity, ordered by its key."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def entity_keys(table: pa.Table, key: Sequence[str]) -> pa.Array:
    """Return the key of each row as text.

    A key of one column is that column's text; a key of several is a JSON array of them.
    """
    columns = [pc.cast(table.column(name), pa.string()).combine_chunks() for name in key]
    if len(columns) == 1:
        return columns[0]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())


def build_predictions(keys: pa.Array, scores: npt.NDArray[np.float64], threshold: float) -> pa.Table:
    """Return `entity_key`, `score` and `prediction`, ordered by key.

    Parameters
    ----------
    keys
        Text, one a row.
    scores
        Probability of the positive class, in the order of `keys`.
    threshold
        From this score on, the prediction is 1.
    """
    table = pa.table(
        {
            "entity_key": keys,
            "score": pa.array(scores, pa.float64()),
            "prediction": pa.array((scores >= threshold).astype(np.int16), pa.int16()),
        }
    )
    return table.sort_by([("entity_key", "ascending"), ("score", "ascending")])
