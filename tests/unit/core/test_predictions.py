"""Keys as text, predictions in the order of their keys."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from include.core.predictions import build_predictions, entity_keys


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


def test_rows_are_ordered_by_key_and_judged_by_the_threshold() -> None:
    predictions = build_predictions(pa.array(["10", "9", "1"]), np.array([0.5, 0.49, 0.51]), 0.5)

    assert predictions.to_pydict() == {
        "entity_key": ["1", "10", "9"],
        "score": [0.51, 0.5, 0.49],
        "prediction": [1, 1, 0],
    }
