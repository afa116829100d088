"""The index, and the promise its critical value makes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.psi import psi_terms, psi_test

ZIPF = 1 / np.arange(1, 23) ** 1.5


def test_the_index_of_a_worked_example() -> None:
    # (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5), with half a row added to each count
    p, q = 5000.5 / 10001, 4000.5 / 10001
    by_hand = (q - p) * np.log(q / p) + ((1 - q) - (1 - p)) * np.log((1 - q) / (1 - p))

    assert psi_test([5000, 5000], [4000, 6000], 0.05).value == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.0405, abs=1e-4)


def test_the_critical_value_of_a_worked_example() -> None:
    # The 95 % point of chi-squared with one degree of freedom is 3.841.
    critical = psi_test([5000, 5000], [400, 600], 0.05).critical_value

    assert critical == pytest.approx(3.841 * (1 / 10000 + 1 / 1000), rel=1e-3)


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        pytest.param([], [], id="no bins"),
        pytest.param([0, 0], [0, 0], id="no rows at all"),
        pytest.param([10, 20], [0, 0], id="empty week"),
        pytest.param([0, 0], [10, 20], id="empty reference"),
        pytest.param([1000, 0], [500, 0], id="one bin only"),
        pytest.param([3, 2, 1], [1, 2, 1], id="every bin rare"),
    ],
)
def test_what_cannot_be_compared_compares_as_equal(reference: list[int], current: list[int]) -> None:
    result = psi_test(reference, current, 0.05)

    assert (result.value, result.critical_value) == (0.0, 0.0)


def test_a_bin_that_was_empty_before_is_found() -> None:
    result = psi_test([8000, 0], [700, 300], 0.001)

    assert np.isfinite(result.value)
    assert result.value > result.critical_value


def test_rare_bins_are_pooled() -> None:
    result = psi_test([5000, 4990, 4, 3, 3], [500, 497, 1, 1, 1], 0.05)

    assert result.bins == 3
    assert result.value < result.critical_value


@pytest.mark.parametrize("week", [140, 1000, 5000], ids=lambda rows: f"{rows} rows a week")
@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(np.ones(10), id="ten even bins"),
        pytest.param(ZIPF, id="many uneven categories"),
        pytest.param(np.array([970, 20, 6, 3, 1]), id="almost constant"),
    ],
)
def test_false_alarms_come_no_oftener_than_promised(week: int, weights: np.ndarray) -> None:
    rng = np.random.default_rng(7)
    alpha, repeats = 0.05, 3000
    shares = weights / weights.sum()
    pairs = zip(rng.multinomial(8000, shares, repeats), rng.multinomial(week, shares, repeats), strict=True)

    results = [psi_test(reference.tolist(), current.tolist(), alpha) for reference, current in pairs]
    alarms = np.mean([result.value > result.critical_value for result in results])

    assert 0.6 * alpha < alarms < 1.3 * alpha


counts = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=30)


@given(counts)
def test_the_index_is_finite_and_never_negative(pairs: list[tuple[int, int]]) -> None:
    reference, current = zip(*pairs, strict=True)
    result = psi_test(reference, current, 0.01)

    assert np.isfinite(result.value)
    assert result.value >= 0
    assert (psi_terms(reference, current) >= 0).all()


@given(counts)
def test_a_sample_does_not_differ_from_itself(pairs: list[tuple[int, int]]) -> None:
    reference = [before for before, _ in pairs]

    assert psi_test(reference, reference, 0.01).value == pytest.approx(0)
