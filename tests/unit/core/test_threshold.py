from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.threshold import choose_threshold
from include.specs.training import Threshold


def test_the_threshold_separates_what_can_be_separated() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.7, 0.9])
    assert choose_threshold(Threshold(), labels, scores, "demo").value == 0.7


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_no_other_threshold_has_a_higher_f1(rows: list[tuple[bool, int]]) -> None:
    labels = np.array([int(label) for label, _ in rows])
    scores = np.array([score / 5 for _, score in rows])
    if not labels.any():
        labels[0] = 1

    def f1(threshold: float) -> float:
        answered = scores >= threshold
        hits = int((answered & (labels == 1)).sum())
        return 2 * hits / int(answered.sum() + labels.sum())

    chosen = choose_threshold(Threshold(), labels, scores, "demo").value
    assert f1(chosen) == pytest.approx(max(f1(value) for value in scores))
