"""Fit a model on its training set, and say what the fit is like. Pure: equal rows, equal answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

from include.core.metrics import best_f1_threshold, measure
from include.core.pipeline import build_pipeline, one_thread, require_finite, score
from include.core.prepare import prepare
from include.core.split import Split, split_by_maturity
from include.core.training_set import TrainingSet, check_classes, check_features
from include.specs.model import ModelSpec

_IMPORTANCE_ROWS = 2000
_IMPORTANCE_REPEATS = 1


@dataclass(frozen=True)
class Fitted:
    """A fitted model and what was seen on the way.

    Attributes
    ----------
    pipeline
        Fitted on the train part.
    info
        What scoring and evaluation need beside the pipeline: features, threshold, holdout days, counts.
    metrics
        Of the train and the validation part, by `<part>_<metric>`; and the rows of each part.
    importance
        By how much the validation part's ROC AUC falls when a feature is shuffled.
    rows, labels, scores
        The validation part.
    """

    pipeline: Pipeline
    info: dict[str, Any]
    metrics: dict[str, float]
    importance: dict[str, float]
    rows: pd.DataFrame
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]


def fit_model(spec: ModelSpec, data: TrainingSet, as_of: date) -> Fitted:
    """Fit on the train part and choose the threshold on the validation part; the holdout is not touched.

    Raises
    ------
    TrainingDataError
        When the train or the validation part does not hold both classes, or a feature has no value.
    DataError
        When a numeric feature holds text, or infinity where the estimator cannot take it.
    SpecError
        When the spec names a parameter the estimator does not have, or a value it refuses.
    """
    training = spec.training
    parts = split_by_maturity(data.matured, as_of, spec.label.grace, training.validation, training.holdout)
    labels, validation_labels = data.labels[parts.train], data.labels[parts.validation]
    check_classes(labels, "train", spec)
    check_classes(validation_labels, "validation", spec)
    train, validation = data.rows[parts.train], data.rows[parts.validation]
    prepared = prepare(train, spec.features)
    check_features(prepared, spec)
    pipeline = build_pipeline(spec)
    require_finite(prepared, pipeline)
    with one_thread():
        pipeline.fit(prepared, labels)
    scores = score(pipeline, validation, spec.features)
    measured = {
        "train": measure(labels, score(pipeline, train, spec.features)),
        "validation": measure(validation_labels, scores),
    }
    metrics = {f"{part}_{name}": value for part, found in measured.items() for name, value in found.items()}
    counts = _counts(data, parts)
    return Fitted(
        pipeline=pipeline,
        info=_model_info(spec, parts, best_f1_threshold(validation_labels, scores), counts),
        metrics=metrics | {f"{name}_rows": float(count) for name, count in counts.items()},
        importance=_importance(pipeline, validation, validation_labels, spec),
        rows=validation,
        labels=validation_labels,
        scores=scores,
    )


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


def _model_info(spec: ModelSpec, parts: Split, threshold: float, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "model": spec.model,
        "features": spec.features.model_dump(mode="json"),
        "derived": [
            one.model_dump(mode="json", by_alias=True, exclude_none=True)
            for one in spec.derived_among(spec.features.all)
        ],
        "threshold": threshold,
        "holdout": {"first": parts.holdout_first.isoformat(), "last": parts.holdout_last.isoformat()},
        "rows": counts,
    }


def _importance(
    pipeline: Pipeline, rows: pd.DataFrame, labels: NDArray[np.int64], spec: ModelSpec
) -> dict[str, float]:
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _IMPORTANCE_ROWS)).astype(int)
    if len(np.unique(labels[chosen])) < 2:
        return dict.fromkeys(spec.features.all, 0.0)
    with one_thread():
        found = permutation_importance(
            pipeline,
            prepare(rows.iloc[chosen], spec.features),
            labels[chosen],
            scoring="roc_auc",
            n_repeats=_IMPORTANCE_REPEATS,
            random_state=spec.training.seed,
        )
    means = found.importances_mean
    return {name: float(value) for name, value in zip(spec.features.all, means, strict=True)}
