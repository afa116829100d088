from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.gates.four_fifths import compare_selection


def breaks(selected: list[int], rows: list[int], confidence: float = 0.95) -> list[bool]:
    found = compare_selection(np.array(selected), np.array(rows), confidence)
    return [one.breaks_the_rule for one in found]


@pytest.mark.parametrize(
    ("selected", "rows", "broken"),
    [
        pytest.param([500, 300], [1000, 1000], [False, True], id="clearly-less"),
        pytest.param([500, 390], [1000, 1000], [False, False], id="less-by-chance-perhaps"),
        pytest.param([5, 3], [10, 10], [False, False], id="few-rows"),
        pytest.param([400, 0], [1000, 1000], [False, True], id="never"),
        pytest.param([0, 0], [1000, 1000], [False, False], id="nobody-is"),
        pytest.param([1000, 1000], [1000, 1000], [False, False], id="everybody-is"),
        pytest.param([500], [1000], [False], id="one-group"),
        pytest.param([], [], [], id="no-group"),
    ],
)
def test_a_group_breaks_the_rule_only_beyond_chance(
    selected: list[int], rows: list[int], broken: list[bool]
) -> None:
    assert breaks(selected, rows) == broken


def test_what_was_found_is_told() -> None:
    most, less = compare_selection(np.array([500, 300]), np.array([1000, 1000]), 0.95)
    assert (most.rate, most.ratio, most.upper) == (0.5, 1.0, None)
    assert (less.rate, less.ratio) == (0.3, 0.6)
    # Katz's interval by hand: exp(log 0.6 + 2.2414 * sqrt(1/300 - 1/1000 + 1/500 - 1/1000))
    assert less.upper == pytest.approx(0.6 * np.exp(2.2414 * np.sqrt(1 / 300 + 1 / 500 - 2 / 1000)), rel=2e-3)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(20, 40))
def test_more_rows_of_the_same_shares_never_take_a_break_back(few: int, many: int, rows: int) -> None:
    once = breaks([few, many], [rows, rows])
    assert all(
        more or not less for less, more in zip(once, breaks([few * 9, many * 9], [rows * 9] * 2), strict=True)
    )


def test_chance_alone_seldom_breaks_the_rule() -> None:
    """Eleven groups at exactly four fifths of the twelfth: at most 2.5 % of samples may fail."""
    rng = np.random.default_rng(7)
    rates = np.array([0.3] + [0.24] * 11)
    samples = rng.binomial(300, rates, (2000, 12))
    failed = sum(any(breaks(sample.tolist(), [300] * 12)) for sample in samples)
    assert failed / 2000 <= 0.025
