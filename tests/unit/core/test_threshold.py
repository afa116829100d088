from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.threshold import choose_threshold
from include.errors import TrainingDataError
from include.specs.training import Costs, Threshold

LABELS = np.array([0, 0, 1, 0, 1, 1])
SCORES = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.9])


def chosen(rule: Threshold, labels: np.ndarray = LABELS, scores: np.ndarray = SCORES) -> float:
    return choose_threshold(rule, labels, scores, "demo").value


@pytest.mark.parametrize(
    ("rule", "threshold", "said"),
    [
        pytest.param(Threshold(), 0.3, "the best F1: recall 1.000, precision 0.750", id="f1"),
        pytest.param(Threshold(recall=0.6), 0.7, "recall at least 0.6: recall 0.667, prec", id="recall"),
        pytest.param(Threshold(recall=1), 0.3, "recall at least 1: recall 1.000", id="all"),
        pytest.param(Threshold(precision=0.7), 0.3, "precision at least 0.7: recall 1.000", id="precision"),
        pytest.param(Threshold(precision=1), 0.7, "precision at least 1: recall 0.667", id="sure"),
        pytest.param(
            Threshold(costs=Costs(false_positive=1, false_negative=10)), 0.3,
            "1 a false positive and 10 a false negative: 0.1667 a row", id="costly-misses",
        ),
        pytest.param(
            Threshold(costs=Costs(false_positive=10, false_negative=1)), 0.7, "0.1667 a row",
            id="costly-alarms",
        ),
    ],
)  # fmt: skip
def test_the_rule_decides(rule: Threshold, threshold: float, said: str) -> None:
    found = choose_threshold(rule, LABELS, SCORES, "demo")
    assert (found.value, said in found.rule) == (threshold, True)


def test_where_any_alarm_costs_too_much_nothing_is_answered_1() -> None:
    wrong_way = 1 - SCORES
    threshold = chosen(Threshold(costs=Costs(false_positive=100, false_negative=1)), scores=wrong_way)
    assert threshold > wrong_way.max()
    assert threshold - wrong_way.max() < 1e-12


def test_a_precision_out_of_reach_says_what_can_be_reached() -> None:
    with pytest.raises(
        TrainingDataError, match=r"model demo: no threshold reaches the precision 0\.9 .*is 0\.500"
    ):
        chosen(Threshold(precision=0.9), np.array([0, 1, 0, 1]), np.full(4, 0.5))


rows = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30)


def split(drawn: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.array([int(label) for label, _ in drawn])
    labels[0] = 1
    return labels, np.array([score / 5 for _, score in drawn])


@given(rows)
def test_no_other_threshold_has_a_higher_f1(drawn: list[tuple[bool, int]]) -> None:
    labels, scores = split(drawn)

    def f1(threshold: float) -> float:
        answered = scores >= threshold
        hits = int((answered & (labels == 1)).sum())
        return 2 * hits / int(answered.sum() + labels.sum())

    assert f1(chosen(Threshold(), labels, scores)) == pytest.approx(max(f1(value) for value in scores))


@given(rows, st.integers(1, 5), st.integers(1, 5))
def test_no_other_threshold_costs_less(drawn: list[tuple[bool, int]], alarm: int, miss: int) -> None:
    labels, scores = split(drawn)

    def costs(threshold: float) -> int:
        answered = scores >= threshold
        return alarm * int((answered & (labels == 0)).sum()) + miss * int((~answered & (labels == 1)).sum())

    rule = Threshold(costs=Costs(false_positive=alarm, false_negative=miss))
    assert costs(chosen(rule, labels, scores)) == min(costs(value) for value in [*scores, 2.0])


@given(rows, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_recall_is_reached(drawn: list[tuple[bool, int]], recall: float) -> None:
    labels, scores = split(drawn)
    answered = scores >= chosen(Threshold(recall=recall), labels, scores)
    assert (answered & (labels == 1)).sum() / labels.sum() >= recall
