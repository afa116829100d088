from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from include.core.gates.labels_needed import MOST, POWER, labels_needed

FINITE = {"allow_nan": False, "allow_infinity": False}


def test_so_many_labels_show_it_with_the_power_they_promise() -> None:
    """Rows whose differences are normal, and a limit: how often does the interval clear it?"""
    rows, gain, spread = 200, 0.1, 1.0
    total = rows + (labels_needed(gain, spread / np.sqrt(rows), rows, 0.0, 0.95) or 0)
    seen = np.random.default_rng(1).normal(gain, spread, (4000, total))
    errors = seen.std(axis=1, ddof=1) / np.sqrt(total)
    found = (seen.mean(axis=1) - stats.norm.ppf(0.975) * errors > 0).mean()
    assert found == pytest.approx(POWER, abs=0.02)


def test_the_formula_by_hand() -> None:
    """(1.959964 + 0.841621)² · (0.01 / 0.02)² · 1000 = 1962.2, of which 1000 are there."""
    assert labels_needed(0.01, 0.01, 1000, -0.01, 0.95) == 963


@pytest.mark.parametrize(
    ("difference", "error"),
    [
        pytest.param(-0.01, 0.01, id="at-the-limit"),
        pytest.param(-0.02, 0.01, id="beyond-the-limit"),
        pytest.param(-0.01 + 1e-12, 0.01, id="more-than-anybody-waits-for"),
        pytest.param(0.1, float("nan"), id="no-precision"),
        pytest.param(0.1, float("inf"), id="no-precision-at-all"),
    ],
)
def test_what_no_number_of_labels_shows(difference: float, error: float) -> None:
    assert labels_needed(difference, error, 1000, -0.01, 0.95) is None


@given(
    difference=st.floats(-1, 1, **FINITE),
    error=st.floats(0, 10, **FINITE),
    rows=st.integers(1, 10**7),
    limit=st.floats(-1, 0, **FINITE),
    confidence=st.floats(0.51, 0.999),
)
def test_it_is_a_positive_number_or_none(
    difference: float, error: float, rows: int, limit: float, confidence: float
) -> None:
    found = labels_needed(difference, error, rows, limit, confidence)
    assert found is None or 1 <= found <= MOST + 1


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_a_smaller_gain_takes_more_labels(one: float, other: float) -> None:
    small, large = sorted([one, other])
    assert labels_needed(small, 0.5, 100, 0, 0.95) >= labels_needed(large, 0.5, 100, 0, 0.95)
