from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from include.contracts import Verdict
from include.core.checks.outliers import decide_outliers, describe_bounds, robust_bounds
from include.specs.checks import OutliersCheck

CHECK = OutliersCheck.model_validate(
    {"check": "outliers", "severity": "warn", "column": "price", "days": "28d", "mads": 8}
)
NUMBERS = arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6, width=32))


def test_the_deviation_of_normal_values_is_their_standard_deviation() -> None:
    bounds = robust_bounds(np.random.default_rng(1).normal(100, 5, 100_000), 3)
    assert bounds is not None
    assert bounds.median == pytest.approx(100, abs=0.1)
    assert bounds.deviation == pytest.approx(5, rel=0.02)
    assert (bounds.low, bounds.high) == pytest.approx((85, 115), rel=0.01)


def test_a_few_wild_values_do_not_move_the_bounds() -> None:
    values = np.random.default_rng(1).normal(100, 5, 1000)
    wild = np.concatenate([values, np.full(50, 1e9)])
    calm, moved = robust_bounds(values, 8), robust_bounds(wild, 8)
    assert calm is not None
    assert moved is not None
    assert moved.high == pytest.approx(calm.high, rel=0.05)


def test_where_most_values_are_equal_the_others_set_the_scale() -> None:
    bounds = robust_bounds(np.array([0.0] * 90 + [1.0, 2.0] * 5), 10)
    assert bounds is not None
    assert (bounds.low, bounds.high) == pytest.approx((-1.88, 1.88), rel=0.01)


@given(values=NUMBERS, seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter(values: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(values)
    assert robust_bounds(values, 5) == robust_bounds(shuffled, 5)


@given(values=NUMBERS)
def test_the_median_lies_within(values: np.ndarray) -> None:
    bounds = robust_bounds(values, 1)
    assert bounds is None or bounds.low <= np.median(values) <= bounds.high


@pytest.mark.parametrize(
    "values", [np.full(500, 3.0), np.empty(0), np.array([np.inf, -np.inf])], ids=["equal", "none", "infinite"]
)
def test_values_without_spread_give_no_bounds(values: np.ndarray) -> None:
    assert robust_bounds(values, 8) is None


def test_little_history_is_no_evidence() -> None:
    bounds, decision = decide_outliers(CHECK, np.arange(99.0), 2)
    assert bounds is None
    assert decision is not None
    assert decision.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert decision.reasons == ["99 values of 2 earlier day(s), 100 are needed to judge"]


def test_equal_values_are_no_evidence() -> None:
    bounds, decision = decide_outliers(CHECK, np.full(200, 3.0), 2)
    assert bounds is None
    assert decision is not None
    assert "all equal" in decision.reasons[0]


def test_bounds_are_told_with_what_they_come_from() -> None:
    bounds, _ = decide_outliers(CHECK, np.arange(201.0), 2)
    assert bounds is not None
    assert describe_bounds(CHECK, bounds, 201, 2) == (
        "price within 8 deviations of the 28 days before: 201 values of 2 earlier day(s), median 100,"
        " deviation 74.13: -493.04 to 693.04"
    )
