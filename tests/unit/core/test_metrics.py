from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.metrics import best_f1_threshold, measure


def test_perfect_scores_measure_perfectly() -> None:
    measured = measure(np.array([0, 1]), np.array([0.0, 1.0]))
    assert measured == {"brier_score_loss": 0.0, "roc_auc_score": 1.0, "average_precision_score": 1.0}


def test_equal_scores_are_worth_chance() -> None:
    measured = measure(np.array([0, 1, 0, 1]), np.full(4, 0.5))
    assert measured == {"brier_score_loss": 0.25, "roc_auc_score": 0.5, "average_precision_score": 0.5}


@pytest.mark.parametrize(
    ("labels", "scores", "defined"),
    [
        pytest.param([], [], set(), id="empty"),
        pytest.param([1, 1], [0.2, 0.3], {"brier_score_loss"}, id="one-class"),
        pytest.param([0, 1], [0.2, np.nan], set(), id="not-a-number"),
        pytest.param([0, 1], [0.2, np.inf], set(), id="infinite"),
    ],
)
def test_what_is_not_defined_is_left_out(labels: list[int], scores: list[float], defined: set[str]) -> None:
    assert set(measure(np.array(labels, dtype=np.int64), np.array(scores))) == defined


def test_the_threshold_separates_what_can_be_separated() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.7, 0.9])
    assert best_f1_threshold(labels, scores) == 0.7


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

    chosen = best_f1_threshold(labels, scores)
    assert f1(chosen) == pytest.approx(max(f1(value) for value in scores))
