"""Whether behavioural tests suit the features and the kind of answer of their model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from include.specs.gates import BehaviouralTest, Direction, Example
from include.specs.task import Task

if TYPE_CHECKING:
    from include.specs.model import ModelSpec


def behaviour_misfits(spec: ModelSpec) -> Iterator[str]:
    """Yield what the behavioural tests of a spec ask in vain."""
    for test in spec.gates.behaviour:
        for problem in (*_columns(test, spec), *_answers(test, spec)):
            yield f"{test.name!r}: {problem}"


def _columns(test: BehaviouralTest, spec: ModelSpec) -> Iterator[str]:
    features = set(spec.features.all)
    given = test.row if isinstance(test, Example) else getattr(test, "set", {})
    for column in test.columns:
        if column not in features:
            yield f"{column!r} is no feature of the model"
        elif isinstance(test, Direction) and column not in spec.features.numeric:
            yield f"{column!r} is a categorical feature, to which nothing can be added"
        elif column in spec.features.numeric and isinstance(given.get(column), str):
            yield f"{column!r} is a numeric feature, {given[column]!r} is text"


def _answers(test: BehaviouralTest, spec: ModelSpec) -> Iterator[str]:
    multiclass = spec.task is Task.MULTICLASS_CLASSIFICATION
    if isinstance(test, Direction) and (test.of is None) is multiclass:
        yield "`of` names the class whose probability is meant, in multiclass tasks only"
    if not isinstance(test, Example):
        return
    if spec.task is Task.REGRESSION and test.answer is not None:
        yield "a regression has no `answer`; bound it with at_least and at_most"
    if spec.task is Task.BINARY_CLASSIFICATION and test.answer not in {None, 0, 1}:
        yield f"answer: {test.answer!r} is not 1 (the positive class) or 0 (the other one)"
    if multiclass and test.answer is None:
        yield "say the `answer`; at_least and at_most then bound its probability"
