from __future__ import annotations

import numpy as np
import pytest

from include.core.fitting import check_scores
from include.errors import EstimatorError
from include.specs.task import Task
from tests.support.model_specs import task_spec

BINARY, MULTICLASS, REGRESSION = (
    Task.BINARY_CLASSIFICATION,
    Task.MULTICLASS_CLASSIFICATION,
    Task.REGRESSION,
)


@pytest.mark.parametrize(
    ("task", "scores"),
    [
        pytest.param(BINARY, [0.0, 1.0], id="binary"),
        pytest.param(MULTICLASS, [[0.5, 0.5], [1.0, 0.0]], id="multiclass"),
        pytest.param(REGRESSION, [-5.0, 1e9], id="regression"),
    ],
)
def test_scores_of_the_task_pass(task: Task, scores: list[float]) -> None:
    check_scores(np.array(scores), 2, task_spec(task), 2)


@pytest.mark.parametrize(
    ("task", "scores", "said"),
    [
        pytest.param(BINARY, [np.nan, 0.5], "gives 1 of 2 scores that are not finite", id="not-a-number"),
        pytest.param(REGRESSION, [np.inf, -np.inf], "gives 2 of 2 scores", id="infinite"),
        pytest.param(BINARY, [0.5], r"of shape \(1,\) for 2 rows", id="too-few"),
        pytest.param(MULTICLASS, [[1.0], [1.0]], r"not \(2, 2\)", id="too-few-classes"),
        pytest.param(BINARY, [-0.1, 0.5], r"from -0\.1 to 0\.5, which are no probabilities", id="negative"),
        pytest.param(MULTICLASS, [[0.5, 0.4], [0.5, 0.5]], "do not add up to 1", id="sum"),
    ],
)
def test_scores_that_are_none_are_named_with_the_estimator(
    task: Task, scores: list[float], said: str
) -> None:
    with pytest.raises(EstimatorError, match=f"model demo: hist_gradient_boosting .*{said}"):
        check_scores(np.array(scores), 2, task_spec(task), 2)
