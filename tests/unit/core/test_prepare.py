from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.core.prepare import prepare
from include.specs.model import Features

FEATURES = Features(numeric=["size"], categorical=["kind"])


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame({"kind": ["a", "b", None], "size": [1.0, np.nan, -2.0], "other": "x"})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, 2], [1.0, 2.0], id="integers"),
        pytest.param(pd.array([1, None], dtype="Int64"), [1.0, np.nan], id="integers-with-missing"),
        pytest.param([True, None, False], [1.0, np.nan, 0.0], id="booleans-with-missing"),
        pytest.param([None, None], [np.nan, np.nan], id="all-missing"),
        pytest.param([], [], id="no-rows"),
    ],
)
def test_numbers_become_float64(values: object, expected: list[float]) -> None:
    frame = pd.DataFrame({"size": values})
    prepared = prepare(frame, Features(numeric=["size"]))["size"]
    assert prepared.dtype == np.float64
    np.testing.assert_array_equal(prepared, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["a", None], ["a", None], id="text"),
        pytest.param(pd.Series(["a", None], dtype="str"), ["a", None], id="pandas-text"),
        pytest.param([7, 9], ["7", "9"], id="integers"),
        pytest.param([7.0, np.nan], ["7", None], id="integers-beside-missing"),
        pytest.param([1.5], ["1.5"], id="fraction"),
        pytest.param([True, None], ["True", None], id="booleans"),
        pytest.param([], [], id="no-rows"),
    ],
)
def test_categories_become_text_or_none(values: object, expected: list[str | None]) -> None:
    prepared = prepare(pd.DataFrame({"kind": values}), Features(categorical=["kind"]))["kind"]
    assert prepared.dtype == object
    assert prepared.tolist() == expected


def test_features_come_in_the_order_of_the_spec_and_others_are_dropped(rows: pd.DataFrame) -> None:
    assert list(prepare(rows, FEATURES).columns) == ["size", "kind"]


def test_preparing_does_not_change_the_rows(rows: pd.DataFrame) -> None:
    before = rows.copy()
    prepare(rows, FEATURES)
    pd.testing.assert_frame_equal(rows, before)
