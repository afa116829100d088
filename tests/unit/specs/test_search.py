"""What a search in a spec may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.model_specs import model_spec

SPACE = {"max_iter": {"low": 2, "high": 9}}


def search(**changes: Any) -> Any:
    return model_spec(params={}, search={"trials": 16, "space": SPACE, **changes}).training.search


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        pytest.param({}, 4, id="a quarter"),
        pytest.param({"trials": 100}, 25, id="of more"),
        pytest.param({"trials": 6}, 4, id="but four at least"),
        pytest.param({"trials": 4}, 0, id="nothing is left to prune"),
        pytest.param({"prune": False}, 0, id="no pruning"),
        pytest.param({"folds": 1}, 0, id="nothing to prune after"),
    ],
)
def test_the_first_trials_are_those_by_which_others_are_pruned(changes: dict[str, Any], first: int) -> None:
    assert search(**changes).first_trials == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"space": {"random_state": {"low": 1, "high": 9}}}, "the only seed", id="the seed"),
        pytest.param({"space": {"loss": {"choices": ["a", "b", "a"]}}}, "same choice twice: 'a'", id="twice"),
        pytest.param({"space": {"loss": {"choices": [1, True]}}}, "same choice twice", id="equal to Python"),
        pytest.param({"folds": 9}, "9 spans of 10d.*leave nothing of the window 100d", id="too many folds"),
    ],
)
def test_a_search_that_cannot_be_run_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        search(**changes)
