"""An estimator of the user's own, by `module:factory`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator

from include.errors import SpecError
from include.specs.model import ModelSpec
from include.specs.training import Value


def build_own(spec: ModelSpec, params: Mapping[str, Value]) -> BaseEstimator:
    """Call the factory that a spec names: `factory(task, params, seed)`.

    Parameters
    ----------
    spec
        The model; `training.estimator` is `module:factory`.
    params
        What the factory is given; all of it.

    Raises
    ------
    SpecError
        When there is no such module or factory, it raises, or what it returns is no estimator for the task.
    """
    factory = _factory(spec)
    try:
        estimator = factory(task=str(spec.task), params=dict(params), seed=spec.training.seed)
    except Exception as error:
        raise _refusal(
            spec,
            f"cannot be built: {_in_short(error)}",
            "mend the factory, or `training.params`, which it is given",
        ) from error
    asked = ["fit", "predict_proba" if spec.task.is_classification else "predict"]
    lacking = [name for name in asked if not hasattr(estimator, name)]
    if not isinstance(estimator, BaseEstimator) or lacking:
        raise _refusal(
            spec,
            f"returns {type(estimator).__name__}, which is no scikit-learn estimator with"
            f" {' and '.join(asked)}, as {spec.task} needs",
            "derive what it returns from sklearn.base.BaseEstimator and give it these methods",
        )
    return estimator


def _factory(spec: ModelSpec) -> Callable[..., Any]:
    module, _, name = spec.training.estimator.partition(":")
    try:
        found = importlib.import_module(module)
    except Exception as error:
        raise _refusal(
            spec,
            f"cannot be imported: {_in_short(error)}",
            f"install {module} where tasks run: in the image, or below this project's folder",
        ) from error
    factory = getattr(found, name, None)
    if not callable(factory):
        raise _refusal(
            spec,
            f"cannot be called: {module} has {'no ' + name if factory is None else 'a value of this name'}",
            f"write a function {name}(task, params, seed) in {module} that returns an estimator",
        )
    made: Callable[..., Any] = factory
    return made


def _refusal(spec: ModelSpec, what: str, next_step: str) -> SpecError:
    return SpecError(
        f"training.estimator {spec.training.estimator} {what}",
        where=f"include/models/{spec.model}.yaml",
        next_step=next_step,
    )


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
