from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.metrics import measure
from include.specs.task import METRICS, Task

BINARY, MULTICLASS, REGRESSION = (
    Task.BINARY_CLASSIFICATION,
    Task.MULTICLASS_CLASSIFICATION,
    Task.REGRESSION,
)
CLASSES = ["bus", "car", "train"]


@pytest.mark.parametrize(
    ("task", "labels", "scores", "classes"),
    [
        pytest.param(BINARY, [0, 1], [0.0, 1.0], [], id="binary"),
        pytest.param(MULTICLASS, [0, 1, 2], np.eye(3), CLASSES, id="multiclass"),
        pytest.param(REGRESSION, [-1.5, 2.0], [-1.5, 2.0], [], id="regression"),
    ],
)
def test_perfect_scores_measure_perfectly(
    task: Task, labels: list[float], scores: object, classes: list[str]
) -> None:
    measured = measure(task, np.array(labels), np.array(scores), classes)
    assert set(measured) == set(METRICS[task])
    for metric in METRICS[task]:
        assert measured[metric] == pytest.approx(1.0 if metric.higher_is_better else 0.0, abs=1e-12)


def test_equal_scores_are_worth_chance() -> None:
    measured = measure(BINARY, np.array([0, 1, 0, 1]), np.full(4, 0.5))
    assert measured == pytest.approx(
        {
            "brier_score_loss": 0.25,
            "log_loss": np.log(2),
            "roc_auc_score": 0.5,
            "average_precision_score": 0.5,
            "accuracy_score": 0.5,
            "balanced_accuracy_score": 0.5,
        }
    )


@pytest.mark.parametrize(
    ("task", "labels", "scores", "defined"),
    [
        pytest.param(BINARY, [], [], set(), id="empty"),
        pytest.param(
            BINARY, [1, 1], [0.2, 0.3], {"brier_score_loss", "log_loss", "accuracy_score"}, id="one-class"
        ),
        pytest.param(BINARY, [0, 1], [0.2, np.nan], set(), id="not-a-number"),
        pytest.param(BINARY, [0, 1], [0.2, np.inf], set(), id="infinite"),
        pytest.param(
            MULTICLASS, [1], [[0.2, 0.5, 0.3]], {"log_loss", "accuracy_score", "f1_macro"}, id="one-of-three"
        ),
        pytest.param(
            REGRESSION, [2.0, 2.0], [1.0, 3.0], {"mean_absolute_error", "root_mean_squared_error"},
            id="equal-values",
        ),
        pytest.param(REGRESSION, [1.0, 2.0], [1.0, -np.inf], set(), id="infinite-value"),
    ],
)  # fmt: skip
def test_what_is_not_defined_is_left_out(
    task: Task, labels: list[float], scores: list[float], defined: set[str]
) -> None:
    classes = CLASSES if task is MULTICLASS else []
    assert set(measure(task, np.array(labels), np.array(scores), classes)) == defined


def test_a_class_without_rows_does_not_count() -> None:
    scores = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    measured = measure(MULTICLASS, np.array([0, 1, 1]), scores, CLASSES)
    assert measured["balanced_accuracy_score"] == pytest.approx(0.75)
    assert measured["f1_macro"] == pytest.approx(2 / 3)


@given(st.lists(st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)), min_size=2, max_size=20))
def test_an_error_is_at_least_the_mean_of_errors(rows: list[tuple[int, int]]) -> None:
    truth, values = np.array(rows, dtype=np.float64).T
    measured = measure(REGRESSION, truth, values)
    assert 0 <= measured["mean_absolute_error"] <= measured["root_mean_squared_error"] + 1e-9
