from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.gates.groups import BINS, MAX_VALUES, MISSING, split_groups


@pytest.mark.parametrize(
    ("column", "sizes"),
    [
        pytest.param(pd.Series(["b", "a", None, "b"]), {"b": 2, "a": 1, MISSING: 1}, id="text"),
        pytest.param(pd.Series([True, False, True]), {"true": 2, "false": 1}, id="boolean"),
        pytest.param(pd.Series([9.0, np.nan, 9.0, 0.5]), {"9": 2, "0.5": 1, MISSING: 1}, id="numbers"),
        pytest.param(pd.Series([1, 2, 2]), {"1": 1, "2": 2}, id="whole-numbers"),
        pytest.param(pd.Series([], dtype=object), {}, id="no-rows"),
        pytest.param(pd.Series([np.nan, np.nan]), {MISSING: 2}, id="nothing-known"),
        pytest.param(pd.Series(["(missing)", None]), {"(missing)": 1, "(missing) (2)": 1}, id="same-name"),
        pytest.param(
            pd.Series(["x" * 90, "x" * 91]), {"x" * 79 + "…": 1, "x" * 79 + "… (2)": 1}, id="long-names"
        ),
    ],
)
def test_each_value_is_a_group(column: pd.Series, sizes: dict[str, int]) -> None:
    found = split_groups(column)
    assert dict(zip(found.names, found.sizes.tolist(), strict=True)) == sizes


def test_many_numbers_are_cut_into_bins_of_about_the_same_size() -> None:
    found = split_groups(pd.Series([*range(100), None]))
    assert found.names == [
        "0 to below 20",
        "20 to below 40",
        "40 to below 60",
        "60 to below 80",
        "80 to 99",
        MISSING,
    ]
    assert found.sizes.tolist() == [20] * BINS + [1]


def test_many_days_are_cut_into_bins() -> None:
    found = split_groups(pd.Series(pd.date_range("2024-01-01", periods=50)))
    assert found.names[0] == "2024-01-01 00:00:00 to below 2024-01-11 00:00:00"
    assert found.sizes.tolist() == [10] * BINS


def test_many_texts_stay_groups() -> None:
    assert len(split_groups(pd.Series([f"t{n}" for n in range(100)])).names) == 100


@given(st.lists(st.one_of(st.none(), st.integers(0, 60), st.floats(allow_nan=False)), max_size=200))
def test_every_row_is_in_one_group_and_equal_values_in_the_same(values: list[float | None]) -> None:
    column = pd.Series(values, dtype="float64")
    found = split_groups(column)
    assert found.sizes.tolist() == np.bincount(found.codes, minlength=len(found.names)).tolist()
    assert (found.sizes > 0).all()
    assert pd.Series(found.codes).groupby(column).nunique().max() in (
        {1} if column.notna().any() else {np.nan, 1}
    )
    if column.nunique() > MAX_VALUES:
        assert len(found.names) <= BINS + 1


def test_members_are_the_rows_of_a_group_in_their_order() -> None:
    found = split_groups(pd.Series(["b", "a", None, "b"]))
    members = {found.names[group]: places.tolist() for group, places in found.members([0, 2])}
    assert members == {"b": [0, 3], MISSING: [2]}
