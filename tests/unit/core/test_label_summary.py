from __future__ import annotations

import numpy as np
import pytest

from include.core.label_summary import describe_labels
from include.specs.task import Task

SEVEN = ("a", "b", "c", "d", "e", "f", "g")


@pytest.mark.parametrize(
    ("task", "labels", "said"),
    [
        pytest.param(Task.BINARY_CLASSIFICATION, [0, 1, 1, 0], "50.0% label 1", id="binary"),
        pytest.param(Task.REGRESSION, [1.0, 3.0], "mean 2, standard deviation 1", id="regression"),
        pytest.param(Task.REGRESSION, [], "none", id="empty"),
        pytest.param(
            Task.MULTICLASS_CLASSIFICATION, [1, 1, 0, 3],
            "b 50.0%, a 25.0%, d 25.0%, c 0.0%, e 0.0%, 2 more classes", id="classes",
        ),
    ],
)  # fmt: skip
def test_labels_are_described_in_the_words_of_their_task(task: Task, labels: list[float], said: str) -> None:
    assert describe_labels(np.array(labels), task, SEVEN) == said
