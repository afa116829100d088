from __future__ import annotations

import pytest

from include.adapters.search_study import falls_behind


@pytest.mark.parametrize(
    ("mean", "others", "higher_is_better", "behind"),
    [
        (0.5, [0.4, 0.6, 0.7], True, True),
        (0.6, [0.4, 0.6, 0.7], True, False),
        (0.65, [0.4, 0.6, 0.7], True, False),
        (0.5, [0.4, 0.6, 0.7], False, False),
        (0.65, [0.4, 0.6, 0.7], False, True),
        (0.1, [0.2], True, True),
        (0.1, [], True, False),
    ],
)
def test_a_trial_is_pruned_when_it_is_worse_than_the_median(
    mean: float, others: list[float], higher_is_better: bool, behind: bool
) -> None:
    assert falls_behind(mean, others, higher_is_better=higher_is_better) is behind
