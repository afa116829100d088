"""Bins are chosen from the reference and count anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.profile import Profile, add_profiles, build_profile, count_in
from include.specs.model import Features

NUMERIC = Features(numeric=["x"])
CATEGORICAL = Features(categorical=["x"])


def counted(profile: Profile) -> dict[str, int]:
    bins = profile.features["x"]
    return dict(zip(bins.labels, bins.counts, strict=True))


def frame(values: object, dtype: str | None = None) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


def test_spread_numbers_fall_into_ten_equal_bins() -> None:
    profile = build_profile(frame(np.arange(1, 101)), NUMERIC)

    assert counted(profile) == {
        "up to 10": 10,
        **{f"over {low}, up to {low + 10}": 10 for low in range(10, 90, 10)},
        "over 90": 10,
        "missing": 0,
    }


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        pytest.param([0] * 95 + [1] * 5, {"below 0": 0, "0": 95, "over 0": 5}, id="mostly the smallest"),
        pytest.param([0] * 5 + [1] * 95, {"below 1": 5, "1": 95, "over 1": 0}, id="mostly the largest"),
        pytest.param([7] * 100, {"below 7": 0, "7": 100, "over 7": 0}, id="constant"),
        pytest.param([], {"any value": 0}, id="no rows"),
    ],
)
def test_a_frequent_number_has_a_bin_of_its_own(reference: list[int], expected: dict[str, int]) -> None:
    profile = build_profile(frame(reference, "float64"), NUMERIC)

    assert counted(profile) == {**expected, "missing": 0}


def test_a_feature_that_is_always_missing_still_counts_what_comes_later() -> None:
    profile = build_profile(frame([None, None], "float64"), NUMERIC)

    assert counted(count_in(profile, frame([1.0, np.nan]))) == {"any value": 1, "missing": 1}


def test_values_outside_the_reference_are_counted_in_the_outer_bins() -> None:
    profile = build_profile(frame([7.0] * 10), NUMERIC)

    week = count_in(profile, frame([-np.inf, 6.9, 7.0, 8.0, np.inf, np.nan]))

    assert counted(week) == {"below 7": 2, "7": 1, "over 7": 2, "missing": 1}


def test_rare_categories_share_a_bin() -> None:
    reference = ["PRT"] * 500 + ["GBR"] * 490 + ["XXX"] * 9 + [None]

    assert counted(build_profile(frame(reference), CATEGORICAL)) == {
        "PRT": 500,
        "GBR": 490,
        "other": 9,
        "missing": 1,
    }


def test_at_most_twenty_categories_have_a_bin() -> None:
    profile = build_profile(frame([f"c{number:02}" for number in range(30)]), CATEGORICAL)

    assert profile.features["x"].labels == [*(f"c{number:02}" for number in range(20)), "other", "missing"]
    assert counted(profile)["other"] == 10


def test_a_category_never_seen_counts_as_other() -> None:
    profile = build_profile(frame(["a"] * 10), CATEGORICAL)

    assert counted(count_in(profile, frame(["a", "new", "new"]))) == {"a": 1, "other": 2, "missing": 0}


def test_a_whole_number_is_the_same_category_beside_a_missing_neighbour() -> None:
    profile = build_profile(frame([1, 2, 2]), CATEGORICAL)

    assert counted(count_in(profile, frame([1.0, np.nan]))) == {"1": 1, "2": 0, "other": 0, "missing": 1}


values = st.lists(st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_nan=False)), max_size=60)


@given(reference=values, week=values)
def test_every_row_is_counted_once(reference: list[float | None], week: list[float | None]) -> None:
    profile = build_profile(frame(reference, "float64"), NUMERIC)
    counts = count_in(profile, frame(week, "float64")).features["x"].counts

    assert sum(profile.features["x"].counts) == profile.rows == len(reference)
    assert sum(counts) == len(week)
    assert counts[-1] == sum(value is None for value in week)


@given(first=values, second=values)
def test_counts_of_parts_add_up_to_the_count_of_the_whole(
    first: list[float | None], second: list[float | None]
) -> None:
    profile = build_profile(frame([1, 2, 3, 3, 3], "float64"), NUMERIC)
    parts = [count_in(profile, frame(part, "float64")) for part in (first, second)]

    assert add_profiles(parts) == count_in(profile, frame(first + second, "float64"))


@given(reference=values)
def test_a_profile_survives_json(reference: list[float | None]) -> None:
    table = pd.DataFrame({"x": pd.Series(reference, dtype="float64"), "y": [str(v) for v in reference]})
    profile = build_profile(table, Features(numeric=["x"], categorical=["y"]))

    assert Profile.model_validate_json(profile.model_dump_json()) == profile
    assert Profile.from_json(profile.to_json()) == profile


def test_the_frame_stays_as_it_was() -> None:
    given_frame = frame([3, 1, None], "Int64")
    before = given_frame.copy(deep=True)

    count_in(build_profile(given_frame, NUMERIC), given_frame)

    pd.testing.assert_frame_equal(given_frame, before)
