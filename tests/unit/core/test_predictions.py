"""Keys as text, predictions in the order of their keys."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from include.core.predictions import build_predictions, entity_keys
from include.specs.task import Task


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"),
        ("Zürich, 1", "Zürich, 1"),
        (date(2017, 5, 1), "2017-05-01"),
        (True, "true"),
        (None, None),
    ],
    ids=["integer", "text", "date", "boolean", "missing"],
)
def test_a_key_of_one_column_is_its_text(value: object, text: str | None) -> None:
    kind = pa.int64() if value is None else None
    assert entity_keys(pa.table({"k": pa.array([value], kind)}), ["k"]).to_pylist() == [text]


def test_a_key_of_several_columns_is_a_json_array() -> None:
    table = pa.table({"hotel": ['"A", B'], "n": [7], "at": [datetime(2017, 5, 1, tzinfo=UTC)]})

    assert entity_keys(table, ["hotel", "n"]).to_pylist() == ['["\\"A\\", B", "7"]']


def test_keys_of_no_rows() -> None:
    table = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})

    assert entity_keys(table, ["a"]).to_pylist() == entity_keys(table, ["a", "b"]).to_pylist() == []


def test_binary_rows_are_ordered_by_key() -> None:
    predictions = build_predictions(
        pa.array(["10", "9", "1"]),
        np.array([0.5, 0.49, 0.51]),
        np.array([1, 0, 1]),
        Task.BINARY_CLASSIFICATION,
    )

    assert predictions.to_pydict() == {
        "entity_key": ["1", "10", "9"],
        "score": [0.51, 0.5, 0.49],
        "prediction": [1, 1, 0],
    }


def test_a_multiclass_row_has_its_class_and_the_scores_of_all() -> None:
    predictions = build_predictions(
        pa.array(["b", "a"]),
        np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]]),
        np.array([1, 0]),
        Task.MULTICLASS_CLASSIFICATION,
        ["cat", "dog", "emu"],
    )

    assert predictions.to_pydict() == {
        "entity_key": ["a", "b"],
        "score": [0.5, 0.7],
        "predicted_class": ["cat", "dog"],
        "class_scores": [
            {"cat": 0.5, "dog": 0.25, "emu": 0.25},
            {"cat": 0.2, "dog": 0.7, "emu": 0.1},
        ],
    }


def test_a_regression_has_values_and_no_answers() -> None:
    values = np.array([-3.5, 1e9])
    predictions = build_predictions(pa.array(["b", "a"]), values, values, Task.REGRESSION)

    assert predictions.to_pydict() == {"entity_key": ["a", "b"], "score": [1e9, -3.5]}


@pytest.mark.parametrize("task", list(Task))
def test_no_rows_have_the_columns_of_their_task(task: Task) -> None:
    classes = ["cat", "dog"] if task is Task.MULTICLASS_CLASSIFICATION else []
    scores = np.empty((0, 2) if classes else 0)
    none = build_predictions(pa.array([], pa.string()), scores, np.empty(0), task, classes)
    some = build_predictions(
        pa.array(["a"]), np.array([[0.5, 0.5]] if classes else [0.5]), np.array([0]), task, classes
    )

    assert none.num_rows == 0
    assert none.schema == some.schema
