from __future__ import annotations

import numpy as np
import pytest

from include.steps.clean_scoring import largest_difference


@pytest.mark.parametrize(
    ("scores", "recorded", "difference"),
    [
        pytest.param([0.1, 0.2], [0.1, 0.2], 0.0, id="equal"),
        pytest.param([0.1, 0.25], [0.1, 0.2], 0.05, id="small-scores-absolutely"),
        pytest.param([100.0], [200.0], 0.5, id="large-scores-relatively"),
        pytest.param([[0.1, 0.9]], [[0.2, 0.8]], 0.1, id="several-classes"),
        pytest.param([0.1], [0.1, 0.2], None, id="another-length"),
        pytest.param([[0.1, 0.9]], [0.1], None, id="another-shape"),
        pytest.param([np.nan], [0.1], None, id="no-number"),
    ],
)
def test_scores_are_compared_with_those_of_the_training(
    scores: list[float], recorded: list[float], difference: float | None
) -> None:
    found = largest_difference(np.array(scores), np.array(recorded))
    assert found == (None if difference is None else pytest.approx(difference))
