"""What a longer history brings: the same fit on shorter spans of the newest train days.

Each span doubles the one before and ends where the train part ends; the whole train part is what was fitted
anyway. Together the spans are less than half of it, so that the curve never costs half of a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from include.core.fitting import fit_pipeline
from include.core.metrics import measure
from include.core.pipeline import score
from include.core.prepare import prepare
from include.core.split import Split, split_by_maturity
from include.core.training_set import TrainingSet
from include.specs.model import ModelSpec
from include.specs.task import Metric

SHARES = (1 / 16, 1 / 8, 1 / 4)
_MIN_ROWS = 50


@dataclass(frozen=True)
class LearningPoint:
    """A fit on the newest `days` days of the train part, which hold `rows` rows.

    `value` is the metric of the validation part.
    """

    days: int
    rows: int
    value: float


@dataclass(frozen=True)
class LearningCurve:
    """Points in the order of their rows; the last is the version itself, where its metric is defined."""

    metric: Metric
    points: list[LearningPoint]


def learning_curve(
    spec: ModelSpec,
    data: TrainingSet,
    as_of: date,
    params: Mapping[str, bool | int | float | str],
    fitted: Mapping[str, float],
) -> LearningCurve:
    """Fit on growing spans of time, without calibration, and judge each on the validation part.

    Parameters
    ----------
    spec
        The model; its seed and the metric by which it is compared with the champion are used.
    data
        Its training set.
    as_of
        The first day whose data is not known yet.
    params
        All parameters that the version's estimator was given.
    fitted
        The version's own metrics of the validation part, by name.

    Returns
    -------
    LearningCurve
        Without spans that hold fewer than 50 rows or not every class of the train part.
    """
    training, metric = spec.training, spec.gates.versus_champion.metric
    parts = split_by_maturity(data.matured, as_of, spec.label.grace, training.validation, training.holdout)
    spans = _spans(spec, data, parts)
    points = [_fit(spec, data, parts, rows, days, params, metric) for days, rows in spans]
    found = [point for point in points if point is not None]
    if metric in fitted:
        found.append(LearningPoint(_days(data, parts), int(parts.train.sum()), fitted[metric]))
    return LearningCurve(metric, found)


def _days(data: TrainingSet, parts: Split) -> int:
    matured = data.matured[parts.train]
    return int((matured.max() - matured.min()).astype(int)) + 1


def _spans(spec: ModelSpec, data: TrainingSet, parts: Split) -> list[tuple[int, NDArray[np.bool_]]]:
    whole, last = _days(data, parts), data.matured[parts.train].max()
    classes = _classes(spec, data, parts.train)
    spans = []
    for days in dict.fromkeys(max(1, round(whole * share)) for share in SHARES):
        rows = parts.train & (data.matured > last - np.timedelta64(days, "D"))
        enough = _MIN_ROWS <= rows.sum() < parts.train.sum()
        if enough and np.array_equal(_classes(spec, data, rows), classes):
            spans.append((days, rows))
    return spans


def _classes(spec: ModelSpec, data: TrainingSet, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    found = np.unique(data.labels[rows]) if spec.task.is_classification else np.empty(0)
    return found.astype(np.int64)


def _fit(
    spec: ModelSpec,
    data: TrainingSet,
    parts: Split,
    rows: NDArray[np.bool_],
    days: int,
    params: Mapping[str, bool | int | float | str],
    metric: Metric,
) -> LearningPoint | None:
    prepared = prepare(data.rows[rows], spec.features)
    pipeline = fit_pipeline(spec, prepared, data.labels[rows], params)
    scores = score(pipeline, data.rows[parts.validation], spec.features, spec.task)
    measured = measure(spec.task, data.labels[parts.validation], scores, data.classes)
    return LearningPoint(days, int(rows.sum()), measured[metric]) if metric in measured else None
