from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from include.core.leakage.groups import (
    MAX_BINS,
    Groups,
    bin_numbers,
    count_labels,
    group_values,
    usual_or_not,
)

NUMBERS = st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), max_size=400)


def held(groups: Groups) -> list[str]:
    return [groups.name(code) for code in groups.codes.tolist()]


def test_missing_is_a_value_of_its_own() -> None:
    numbers = group_values(pd.Series([2.0, np.nan, 1.0, np.nan]))
    assert held(numbers) == ["2", "missing", "1", "missing"]
    text = group_values(pd.Series(["b", None, "a"], dtype=object))
    assert held(text) == ["'b'", "missing", "'a'"]


@given(NUMBERS)
def test_every_row_lies_in_the_bin_that_names_it(values: list[float]) -> None:
    exact = group_values(pd.Series(values, dtype=np.float64))
    bins = bin_numbers(exact)
    assert len(bins.values) - bins.has_missing <= MAX_BINS
    for value, code in zip(values, bins.codes.tolist(), strict=True):
        held = bins.values[code]
        if held is None:
            assert np.isnan(value)
        elif isinstance(held, float):
            assert held == value
        else:
            assert held.low <= value <= held.high


def test_bins_hold_about_as_many_rows_each() -> None:
    values = np.random.default_rng(0).normal(size=6400)
    bins = bin_numbers(group_values(pd.Series(values)))
    assert set(np.bincount(bins.codes)) <= {99, 100, 101}


def test_a_number_with_many_values_is_its_usual_value_or_another() -> None:
    values = np.array([*range(100), 7, 7, np.nan], dtype=np.float64)
    groups = usual_or_not(group_values(pd.Series(values)))
    assert [groups.name(group) for group in range(3)] == ["7", "other than 7", "missing"]
    assert np.bincount(groups.codes).tolist() == [3, 99, 1]


def test_labels_are_counted_by_group() -> None:
    counts = count_labels(np.array([0, 0, 2]), np.array([1, 0, 1]), 3)
    assert counts.ones.tolist() == [1, 0, 1]
    assert counts.zeros.tolist() == [1, 0, 0]
