"""Predictions as they are published: one row an entity, ordered by its key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from include.specs.task import Task

KEY, SCORE, ANSWER = "entity_key", "score", "prediction"
PREDICTED_CLASS, CLASS_SCORES = "predicted_class", "class_scores"


def entity_keys(table: pa.Table, key: Sequence[str]) -> pa.Array:
    """Return the key of each row as text.

    A key of one column is that column's text; a key of several is a JSON array of them.
    """
    columns = [pc.cast(table.column(name), pa.string()).combine_chunks() for name in key]
    if len(columns) == 1:
        return columns[0]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())


def build_predictions(
    keys: pa.Array,
    scores: NDArray[np.float64],
    answers: NDArray[Any],
    task: Task,
    classes: Sequence[str] = (),
) -> pa.Table:
    """Return what is published of the scores, ordered by key.

    Parameters
    ----------
    keys
        Text, one a row.
    scores
        In the order of `keys`. Binary: shape (rows,), the probability of class 1; multiclass: shape
        (rows, classes), probabilities in the order of `classes`; regression: shape (rows,), values.
    answers
        Shape (rows,). Binary: 0 or 1; multiclass: positions in `classes`; regression: not looked at.
    task
        What kind of answer the model gives.
    classes
        The names of a multiclass model's classes.

    Returns
    -------
    pa.Table
        `entity_key` (string) and `score` (float64); with `prediction` (int16) where the task is binary;
        with `predicted_class` (string) and `class_scores` (a struct of a float64 by class) where it is
        multiclass, and `score` is then the probability of `predicted_class`.
    """
    columns: dict[str, pa.Array] = {KEY: keys}
    if task is Task.MULTICLASS_CLASSIFICATION:
        columns |= _class_columns(scores, answers, classes)
    else:
        columns[SCORE] = pa.array(scores, pa.float64())
    if task is Task.BINARY_CLASSIFICATION:
        columns[ANSWER] = pa.array(np.asarray(answers, np.int16), pa.int16())
    # The score decides between rows with one key, which are refused later with the same words each time.
    return pa.table(columns).sort_by([(KEY, "ascending"), (SCORE, "ascending")])


def _class_columns(
    scores: NDArray[np.float64], answers: NDArray[Any], classes: Sequence[str]
) -> dict[str, pa.Array]:
    codes = np.asarray(answers, np.int64)
    probabilities = [pa.array(scores[:, code], pa.float64()) for code in range(len(classes))]
    return {
        SCORE: pa.array(scores[np.arange(len(codes)), codes], pa.float64()),
        PREDICTED_CLASS: pa.array(classes, pa.string()).take(pa.array(codes)),
        CLASS_SCORES: pa.StructArray.from_arrays(probabilities, names=list(classes)),
    }
