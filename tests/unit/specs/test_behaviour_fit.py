from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from include.specs.behaviour_fit import behaviour_misfits
from include.specs.model import ModelSpec
from tests.support.model_specs import BASE

METRIC = {
    "binary_classification": "roc_auc_score",
    "multiclass_classification": "log_loss",
    "regression": "r2_score",
}


def spec(test: dict[str, Any], task: str = "binary_classification") -> ModelSpec:
    metric = METRIC[task]
    gates = {
        "absolute": {metric: 0.5},
        "versus_champion": {"metric": metric, "margin": 0.01},
        "behaviour": [{"name": "one", **test}],
    }
    return ModelSpec.model_validate({**BASE, "task": task, "gates": gates})


@pytest.mark.parametrize(
    ("task", "test", "problem"),
    [
        pytest.param(
            "binary_classification",
            {"kind": "invariance", "set": {"colour": "red"}},
            "'colour' is no feature of the model",
            id="no-feature",
        ),
        pytest.param(
            "binary_classification",
            {"kind": "direction", "column": "kind", "add": 1, "score": "increases"},
            "'kind' is a categorical feature",
            id="adding-to-text",
        ),
        pytest.param(
            "binary_classification",
            {"kind": "extreme", "set": {"size": "huge"}},
            "'size' is a numeric feature, 'huge' is text",
            id="text-for-a-number",
        ),
        pytest.param(
            "binary_classification",
            {"kind": "example", "row": {"size": "huge"}, "answer": 1},
            "'size' is a numeric feature, 'huge' is text",
            id="text-for-a-number-of-an-example",
        ),
        pytest.param(
            "binary_classification",
            {"kind": "example", "row": {"size": 1}, "answer": "yes"},
            "answer: 'yes' is not 1",
            id="binary-answer",
        ),
        pytest.param(
            "binary_classification",
            {"kind": "direction", "column": "size", "add": 1, "score": "increases", "of": "a"},
            "`of` names the class",
            id="of-without-classes",
        ),
        pytest.param(
            "multiclass_classification",
            {"kind": "direction", "column": "size", "add": 1, "score": "increases"},
            "`of` names the class",
            id="classes-without-of",
        ),
        pytest.param(
            "multiclass_classification",
            {"kind": "example", "row": {"size": 1}, "at_least": 0.5},
            "say the `answer`",
            id="classes-without-answer",
        ),
        pytest.param(
            "regression",
            {"kind": "example", "row": {"size": 1}, "answer": 1},
            "a regression has no `answer`",
            id="regression-answer",
        ),
    ],
)
def test_what_a_test_asks_in_vain_is_said(task: str, test: dict[str, Any], problem: str) -> None:
    found = list(behaviour_misfits(spec(test, task)))
    assert len(found) == 1
    assert problem in found[0]


def test_the_name_of_the_test_that_every_model_is_given_is_taken() -> None:
    with pytest.raises(ValidationError, match="name of a test that every model is given"):
        spec({"kind": "extreme", "set": {"size": 0}, "name": "extreme inputs"})


@pytest.mark.parametrize("answer", [True, False, 0, 1])
def test_a_binary_answer_is_one_or_zero(answer: bool | int) -> None:
    assert spec({"kind": "example", "row": {"size": None, "kind": "a"}, "answer": answer})
