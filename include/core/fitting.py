"""Fit a pipeline on rows, and make sure that it answers as its task asks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from include.core.estimators import Params
from include.core.labels import LabelArray
from include.core.pipeline import build_pipeline, one_thread, require_finite
from include.errors import EstimatorError, PerennialError
from include.specs.model import ModelSpec
from include.specs.task import Task

_PRECISION = 1e-6


def fit_pipeline(
    spec: ModelSpec, prepared: pd.DataFrame, labels: LabelArray, params: Params | None = None
) -> Pipeline:
    """Build the pipeline that a spec asks for and fit it.

    Parameters
    ----------
    spec
        The model.
    prepared
        Shape (rows, features), as `prepare` returns them.
    labels
        Shape (rows,).
    params
        Parameters of the estimator beside `training.params`, or in their place.

    Raises
    ------
    SpecError
        As `build_estimator`.
    DataError
        As `require_finite`.
    EstimatorError
        When the estimator fails.
    """
    pipeline = build_pipeline(spec, params, prepared)
    require_finite(prepared, pipeline)
    try:
        with one_thread():
            pipeline.fit(prepared, labels)
    except (PerennialError, MemoryError):
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
        raise EstimatorError(
            f"{spec.training.estimator} failed to fit {len(prepared)} rows of {len(prepared.columns)}"
            f" features: {said}",
            where=f"model {spec.model}",
            next_step="change `training.params` or the search's space, or mend the estimator; its traceback"
            " is in the task's log",
        ) from error
    return pipeline


def check_scores(scores: NDArray[np.float64], rows: int, spec: ModelSpec, classes: int = 0) -> None:
    """Refuse scores that are none: an estimator may answer anything.

    Parameters
    ----------
    scores
        What the fitted pipeline answered for some rows.
    rows
        How many.
    spec
        The model.
    classes
        How many classes a multiclass model has.

    Raises
    ------
    EstimatorError
        When scores are missing, not finite, or no probabilities where they should be.
    """
    multiclass = spec.task is Task.MULTICLASS_CLASSIFICATION
    shape = (rows, classes) if multiclass else (rows,)
    if scores.shape != shape:
        raise _nonsense(spec, f"gives scores of shape {scores.shape} for {rows} rows, not {shape}")
    if odd := int((~np.isfinite(scores)).sum()):
        raise _nonsense(spec, f"gives {odd} of {scores.size} scores that are not finite numbers")
    if spec.task is Task.REGRESSION:
        return
    if rows and (scores.min() < 0 or scores.max() > 1):
        raise _nonsense(
            spec, f"gives scores from {scores.min():g} to {scores.max():g}, which are no probabilities"
        )
    if multiclass and rows and np.abs(scores.sum(axis=1) - 1).max() > _PRECISION:
        raise _nonsense(spec, "gives probabilities of the classes that do not add up to 1")


def _nonsense(spec: ModelSpec, what: str) -> EstimatorError:
    return EstimatorError(
        f"{spec.training.estimator} {what}",
        where=f"model {spec.model}",
        next_step="change `training.params`, or mend the estimator",
    )
