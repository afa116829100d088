"""Fit a model on its training set, and say what the fit is like. Pure: equal rows, equal answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from include.core.calibration import calibrate
from include.core.estimators import Params
from include.core.fitting import check_scores, fit_pipeline
from include.core.importance import permuted_importance
from include.core.labels import LabelArray
from include.core.metrics import measure
from include.core.model_info import Holdout, ModelInfo
from include.core.pipeline import require_finite, score_prepared
from include.core.prepare import prepare
from include.core.split import Split, split_by_maturity
from include.core.threshold import Chosen, choose_threshold
from include.core.training_set import TrainingSet, check_classes, check_features
from include.specs.model import ModelSpec
from include.specs.task import Task
from include.specs.training import Calibration


@dataclass(frozen=True)
class Fitted:
    """A fitted model and what was seen on the way.

    Attributes
    ----------
    pipeline
        Fitted on the train part, and calibrated on the validation part where the spec says so.
    info
        What scoring and evaluation need beside the pipeline.
    metrics
        Of the train and the validation part, by `<part>_<metric>`; and the rows of each part.
    importance
        By how much the validation part's answers get worse when a feature is shuffled; see
        `permuted_importance`.
    rows, labels, scores
        The validation part.
    """

    pipeline: Pipeline
    info: ModelInfo
    metrics: dict[str, float]
    importance: dict[str, float]
    rows: pd.DataFrame
    labels: LabelArray
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class _Part:
    """Rows of one part, also prepared."""

    rows: pd.DataFrame
    prepared: pd.DataFrame
    labels: LabelArray


def fit_model(
    spec: ModelSpec,
    data: TrainingSet,
    as_of: date,
    params: Params | None = None,
    entity_key: Sequence[str] = (),
) -> Fitted:
    """Fit on the train part, calibrate and choose the threshold on the validation part.

    The holdout is not touched.

    Parameters
    ----------
    spec
        The model.
    data
        Its training set.
    as_of
        The first day whose data is not known yet.
    params
        Parameters of the estimator that were searched; they go before those of the spec.
    entity_key
        The columns that name a row, for the record.

    Raises
    ------
    TrainingDataError
        When the train or the validation part lacks a class, a feature has no value, or no threshold does
        what the spec asks for; as `EstimatorError`, when the estimator fails or answers nonsense.
    DataError
        When a numeric feature holds text, or infinity where the estimator cannot take it.
    SpecError
        When the spec names a parameter the estimator does not have, or a value it refuses.
    """
    training, classes = spec.training, data.classes
    parts = split_by_maturity(data.matured, as_of, spec.label.grace, training.validation, training.holdout)
    calibrated = training.calibration is not Calibration.NONE
    check_classes(data.labels[parts.train], "train", spec, classes)
    check_classes(data.labels[parts.validation], "validation", spec, classes, fits=calibrated)
    train, validation = _part(data, parts.train, spec), _part(data, parts.validation, spec)
    check_features(train.prepared, spec)
    pipeline = fit_pipeline(spec, train.prepared, train.labels, params)
    require_finite(validation.prepared, pipeline)
    if calibrated:
        raw = score_prepared(pipeline, validation.prepared, spec.task)
        check_scores(raw, len(raw), spec, len(classes))
        pipeline = calibrate(pipeline, validation.prepared, validation.labels, training.calibration)
    metrics, scores = _measure(pipeline, {"train": train, "validation": validation}, spec, classes)
    chosen = _threshold(spec, validation.labels, scores)
    counts = _counts(data, parts)
    return Fitted(
        pipeline=pipeline,
        info=_info(spec, parts, chosen, counts, classes, params, entity_key),
        metrics=metrics | {f"{name}_rows": float(count) for name, count in counts.items()},
        importance=permuted_importance(pipeline, validation.rows, validation.labels, spec, len(classes)),
        rows=validation.rows,
        labels=validation.labels,
        scores=scores,
    )


def _part(data: TrainingSet, chosen: NDArray[np.bool_], spec: ModelSpec) -> _Part:
    rows = data.rows[chosen]
    return _Part(rows, prepare(rows, spec.features), data.labels[chosen])


def _measure(
    pipeline: Pipeline, parts: dict[str, _Part], spec: ModelSpec, classes: Sequence[str]
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return the metrics of all parts, and the scores of the last one."""
    metrics: dict[str, float] = {}
    scores = np.empty(0)
    for name, part in parts.items():
        scores = score_prepared(pipeline, part.prepared, spec.task)
        check_scores(scores, len(part.rows), spec, len(classes))
        found = measure(spec.task, part.labels, scores, classes)
        metrics |= {f"{name}_{metric}": value for metric, value in found.items()}
    return metrics, scores


def _threshold(spec: ModelSpec, labels: LabelArray, scores: NDArray[np.float64]) -> Chosen | None:
    if spec.task is not Task.BINARY_CLASSIFICATION:
        return None
    return choose_threshold(spec.training.threshold, labels.astype(np.int64), scores, spec.model)


def _counts(data: TrainingSet, parts: Split) -> dict[str, int]:
    counts = asdict(data.counts)
    return {
        "snapshot": counts["rows"],
        "immature": counts["immature"],
        "mature_without_label": counts["mature_without_label"],
        "train": int(parts.train.sum()),
        "validation": int(parts.validation.sum()),
        "holdout": int(parts.holdout.sum()),
    }


def _info(
    spec: ModelSpec,
    parts: Split,
    chosen: Chosen | None,
    counts: dict[str, int],
    classes: Sequence[str],
    params: Params | None,
    entity_key: Sequence[str],
) -> ModelInfo:
    return ModelInfo(
        model=spec.model,
        task=spec.task,
        entity_key=list(entity_key),
        features=spec.features,
        derived=spec.derived_among(spec.features.all),
        classes=list(classes),
        threshold=chosen.value if chosen else None,
        threshold_rule=chosen.rule if chosen else None,
        calibration=spec.training.calibration,
        holdout=Holdout(first=parts.holdout_first, last=parts.holdout_last),
        rows=counts,
        estimator=spec.training.estimator,
        params={**spec.training.params, **(params or {})},
        seed=spec.training.seed,
        spec=spec.model_dump(mode="json", by_alias=True),
    )
