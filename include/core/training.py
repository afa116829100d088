"""Fit a model on its training set, and say what the fit is like. Pure: equal rows, equal answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

from include.core.metrics import measure
from include.core.model_info import Holdout, ModelInfo
from include.core.pipeline import build_pipeline, one_thread, require_finite, score
from include.core.prepare import prepare
from include.core.split import Split, split_by_maturity
from include.core.threshold import best_f1_threshold
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
        What scoring and evaluation need beside the pipeline.
    metrics
        Of the train and the validation part, by `<part>_<metric>`; and the rows of each part.
    importance
        By how much the validation part's ROC AUC falls when a feature is shuffled.
    rows, labels, scores
        The validation part.
    """

    pipeline: Pipeline
    info: ModelInfo
    metrics: dict[str, float]
    importance: dict[str, float]
    rows: pd.DataFrame
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]


def fit_model(
    spec: ModelSpec,
    data: TrainingSet,
    as_of: date,
    params: Mapping[str, bool | int | float | str] | None = None,
    entity_key: Sequence[str] = (),
) -> Fitted:
    """Fit on the train part and choose the threshold on the validation part; the holdout is not touched.

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
    pipeline = build_pipeline(spec, params)
    require_finite(prepared, pipeline)
    with one_thread():
        pipeline.fit(prepared, labels)
    scores = score(pipeline, validation, spec.features)
    measured = {
        "train": measure(spec.task, labels, score(pipeline, train, spec.features)),
        "validation": measure(spec.task, validation_labels, scores),
    }
    metrics = {f"{part}_{name}": value for part, found in measured.items() for name, value in found.items()}
    counts = _counts(data, parts)
    return Fitted(
        pipeline=pipeline,
        info=ModelInfo(
            model=spec.model,
            task=spec.task,
            entity_key=list(entity_key),
            features=spec.features,
            derived=spec.derived_among(spec.features.all),
            threshold=best_f1_threshold(validation_labels, scores),
            threshold_rule="the best F1",
            calibration=training.calibration,
            holdout=Holdout(first=parts.holdout_first, last=parts.holdout_last),
            rows=counts,
            estimator=training.estimator,
            params=training.params | dict(params or {}),
            seed=training.seed,
            spec=spec.model_dump(mode="json", by_alias=True),
        ),
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
