"""Clustered rows widen the critical value; independent rows leave it."""

from __future__ import annotations

import numpy as np
import pytest

from include.core.design_effect import design_effect
from include.core.psi import psi_test

SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def weeks(rng: np.random.Generator, count: int, copies: int) -> list[list[int]]:
    """Weeks of 1000 rows; each draw brings `copies` equal rows, as a group booking does."""
    return [(rng.multinomial(1000 // copies, SHARES) * copies).tolist() for _ in range(count)]


@pytest.mark.parametrize("copies", [1, 5, 20], ids=lambda copies: f"groups of {copies}")
def test_the_effect_is_the_size_of_the_groups(copies: int) -> None:
    rng = np.random.default_rng(3)

    assert design_effect(weeks(rng, 200, copies)) == pytest.approx(copies, rel=0.2)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([], id="no week"),
        pytest.param([[10, 20]], id="one week"),
        pytest.param([[500, 500]] * 8, id="equal weeks"),
        pytest.param([[0, 0]] * 8, id="no rows"),
        pytest.param([[900, 0]] * 8, id="one bin only"),
        pytest.param([[500, 500], [0, 0]], id="a week without rows"),
    ],
)
def test_it_is_never_below_one(counts: list[list[int]]) -> None:
    assert design_effect(counts) == 1.0


def test_false_alarms_of_grouped_rows_come_no_oftener_than_promised() -> None:
    rng = np.random.default_rng(5)
    alarms = []
    for _ in range(400):
        reference, (week,) = weeks(rng, 8, 20), weeks(rng, 1, 20)
        counts = np.sum(reference, axis=0).tolist()
        widened = psi_test(counts, week, 0.05, design_effect(reference))
        alone = psi_test(counts, week, 0.05)
        alarms.append((widened.value > widened.critical_value, alone.value > alone.critical_value))
    with_effect, without = np.mean(alarms, axis=0)

    assert with_effect <= 0.1  # an effect estimated from eight weeks is itself uncertain
    assert without > 0.5
