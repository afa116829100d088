"""What is kept of a training: parameters, metrics, figures, documents, and the model under its version."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from sklearn.pipeline import Pipeline

from include.adapters import mlflow_documents, mlflow_models, mlflow_registry, mlflow_runs, warehouse
from include.adapters.mlflow_registry import RegisteredVersion, UploadedModel
from include.adapters.model_files import signature_of
from include.adapters.plots import Seen, draw_plots
from include.contracts import SnapshotRef
from include.core.bootstrap import Interval
from include.core.learning_curve import LearningCurve
from include.core.prepare import prepare
from include.core.scored_sample import build_sample
from include.core.training import Fitted
from include.core.validation_intervals import as_metrics
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.recorded import record_specs
from include.specs.task import Metric
from include.steps.check_training_set import TrainingSetReport

_SIGNATURE_ROWS = 100


@dataclass
class Stopwatch:
    """How long each part of a training took, in seconds by its name."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block; one that is left by an error is not counted."""
        began = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - began

    def as_metrics(self) -> dict[str, float]:
        """Name the parts `<part>_seconds`."""
        return {f"{name}_seconds": round(value, 3) for name, value in self.seconds.items()}


@dataclass(frozen=True)
class Trained:
    """All that a training found.

    Attributes
    ----------
    snapshot, fitted, report
        What was read, fitted, and found in the training set.
    profile
        What the weekly check compares with.
    intervals
        Of the validation part's metrics.
    curve
        What a longer history brings.
    """

    snapshot: SnapshotRef
    fitted: Fitted
    report: TrainingSetReport
    profile: dict[str, Any]
    intervals: dict[Metric, Interval]
    curve: LearningCurve


def record_training(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    trained: Trained,
    tags: dict[str, str],
    watch: Stopwatch,
) -> RegisteredVersion:
    """Write a training into its run and register the model; a repetition goes on where the first one ended.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    spec
        The model.
    trained
        What is kept.
    tags
        Recorded with the run and the version; they hold the training's key.
    watch
        What the parts before took; the recorded parts are added.
    """
    key, snapshot = tags[mlflow_runs.KEY_TAG], trained.snapshot
    with watch.part("log"):
        run_id = mlflow_runs.start_run(settings, spec.model, key, f"{spec.model} {snapshot.as_of}", tags)
        mlflow_runs.log_snapshot(settings, run_id, snapshot)
        metrics = trained.fitted.metrics | as_metrics(trained.intervals)
        mlflow_runs.log_results(settings, run_id, _params(spec, trained.fitted), metrics)
    _log_artifacts(settings, run_id, record_specs(specs, spec.model), trained, watch)
    with watch.part("upload"):
        uploaded = _upload(settings, spec, run_id, trained.fitted)
        mlflow_runs.set_tags(settings, run_id, {mlflow_registry.MODEL_TAG: str(uploaded.model_sha256)})
    mlflow_runs.log_results(settings, run_id, {}, watch.as_metrics())
    return _register_once(settings, spec.model, run_id, uploaded, tags)


def _upload(settings: Settings, spec: ModelSpec, run_id: str, fitted: Fitted) -> UploadedModel:
    sample = prepare(fitted.rows.head(_SIGNATURE_ROWS), spec.features)
    signature = signature_of(sample, fitted.scores[:_SIGNATURE_ROWS])
    return mlflow_models.upload_model(settings, spec.model, run_id, fitted.pipeline, signature)


def _register_once(
    settings: Settings, model: str, run_id: str, uploaded: UploadedModel, tags: Mapping[str, str]
) -> RegisteredVersion:
    """Register under the model's lock: of two trainings with one key, the first one wins."""
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        first = mlflow_registry.find_version(settings, model, tags[mlflow_runs.KEY_TAG])
        if first is None:
            return mlflow_registry.register_version(settings, model, run_id, uploaded, tags)
    if first.run_id != run_id:
        mlflow_runs.finish_run(settings, run_id, "KILLED")
    return first


def _params(spec: ModelSpec, fitted: Fitted) -> dict[str, Any]:
    training, info = spec.training, fitted.info
    return {
        "task": spec.task,
        "estimator": training.estimator,
        "features": len(spec.features.all),
        "calibration": info.calibration,
        "threshold": info.threshold,
        "threshold_rule": info.threshold_rule,
        "window_days": training.window,
        "validation_days": training.validation,
        "holdout_days": training.holdout,
        "grace_days": spec.label.grace,
        "seed": training.seed,
        **{f"estimator.{name}": value for name, value in _estimator_params(fitted.pipeline).items()},
    }


def _estimator_params(pipeline: Pipeline) -> dict[str, Any]:
    """Return what the estimator was given, defaults included; of a calibrated one, what it wraps."""
    estimator = pipeline[-1]
    while (inner := getattr(estimator, "estimator", None)) is not None and hasattr(inner, "get_params"):
        estimator = inner
    return dict(estimator.get_params(deep=False))


def _log_artifacts(
    settings: Settings, run_id: str, specs: dict[str, Any], trained: Trained, watch: Stopwatch
) -> None:
    settings.work_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.work_root, prefix="artifacts-") as temporary:
        folder = Path(temporary)
        with watch.part("plots"):
            (folder / "plots").mkdir()
            draw_plots(folder / "plots", _seen(trained))
        with watch.part("log"):
            for name, document in _documents(specs, trained).items():
                text = json.dumps(document, indent=2, sort_keys=True)
                (folder / name).write_text(text, encoding="utf-8")
            page = folder / mlflow_documents.TRAINING_SET_PAGE
            page.write_text(trained.report.page, encoding="utf-8")
            mlflow_runs.log_files(settings, run_id, folder)


def _documents(specs: dict[str, Any], trained: Trained) -> dict[str, dict[str, Any]]:
    fitted, curve = trained.fitted, trained.curve
    return {
        mlflow_documents.MODEL_INFO: fitted.info.to_json(),
        mlflow_documents.REFERENCE_PROFILE: trained.profile,
        mlflow_documents.TRAINING_SET: trained.report.document,
        mlflow_documents.SCORED_SAMPLE: build_sample(fitted.rows, fitted.info.features, fitted.scores),
        mlflow_documents.SNAPSHOT: trained.snapshot.to_json(),
        mlflow_documents.SPECS: specs,
        mlflow_documents.LEARNING_CURVE: {
            "metric": curve.metric,
            "points": [{"days": p.days, "rows": p.rows, "value": p.value} for p in curve.points],
        },
    }


def _seen(trained: Trained) -> Seen:
    fitted, curve = trained.fitted, trained.curve
    bounds = trained.intervals.get(curve.metric)
    return Seen(
        labels=fitted.labels,
        scores=fitted.scores,
        classes=fitted.info.classes,
        threshold=fitted.info.threshold,
        importance=fitted.importance,
        metric=str(curve.metric),
        learning=[(point.rows, point.value) for point in curve.points],
        interval=None
        if bounds is None or bounds.lower is None or bounds.upper is None
        else (bounds.lower, bounds.upper),
    )
