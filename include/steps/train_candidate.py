"""Fit a model on a snapshot and register it as a candidate."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from include.adapters import mlflow_documents, mlflow_models, mlflow_registry, mlflow_runs, warehouse
from include.adapters.mlflow_registry import RegisteredVersion, UploadedModel
from include.adapters.model_files import signature_of
from include.adapters.plots import draw_plots
from include.contracts import CandidateRef, SnapshotRef
from include.core.prepare import prepare
from include.core.reference_profile import build_reference_profile
from include.core.training import Fitted, fit_model
from include.core.training_set import DS
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.steps.check_training_set import TrainingSetReport, check_training_set
from include.steps.snapshot_training_set import load_training_set

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, model: str, snapshot: SnapshotRef, code_commit: str, lock_sha256: str
) -> CandidateRef:
    """Train on a snapshot; the same snapshot and spec give the same registered version.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    model
        Which model.
    snapshot
        What it is trained on.
    code_commit, lock_sha256
        Recorded: the code and the packages that trained.

    Raises
    ------
    TrainingDataError
        When the snapshot cannot train.
    LeakageError
        When it knows what the model will not know at the event, and the spec does not accept that.
    """
    started = perf_counter()
    spec = specs.model(model)
    key = training_key(spec, snapshot)
    found = mlflow_registry.find_version(settings, model, key)
    if found is None:
        columns = [*spec.features.all, *spec.leakage.entity]
        events, data = load_training_set(settings, specs, spec, snapshot, columns)
        loaded = perf_counter()
        report = check_training_set(settings, specs, spec, snapshot, events, data)
        fitted = fit_model(spec, data, snapshot.as_of, entity_key=specs.dataset(spec.dataset).key)
        profile = _reference_profile(spec, snapshot, events)
        done = perf_counter()
        tags = _tags(spec, snapshot, key, code_commit, lock_sha256) | report.tags
        found = _record(settings, spec, snapshot, fitted, profile, report, tags)
        log.info(
            "%s: %d of %d rows used; read %.1f s, check, fit and explain %.1f s, record %.1f s",
            model, data.counts.used, data.counts.rows,
            loaded - started, done - loaded, perf_counter() - done,
        )  # fmt: skip
    mlflow_runs.finish_run(settings, found.run_id)
    log.info("%s version %d is the candidate, %.1f s", model, found.version, perf_counter() - started)
    return CandidateRef(
        model=model,
        version=found.version,
        run_id=found.run_id,
        as_of=snapshot.as_of,
        artifact_sha256=found.artifact_sha256,
        snapshot=snapshot,
    )


def training_key(spec: ModelSpec, snapshot: SnapshotRef) -> str:
    """Name a training by what goes into it: data, day, and the parts of the spec that train."""
    relevant = spec.model_dump(mode="json", include={"dataset", "label", "features", "training"})
    if derived := spec.derived_among(spec.features.all):
        relevant["derived"] = [one.model_dump(mode="json") for one in derived]
    content = {
        "model": spec.model,
        "as_of": snapshot.as_of.isoformat(),
        "snapshot": snapshot.content_hash,
        "spec": relevant,
        "reference": spec.drift.reference,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _reference_profile(spec: ModelSpec, snapshot: SnapshotRef, events: pd.DataFrame) -> dict[str, Any]:
    """Profile the newest days whole: the weekly check sees rows before their labels are mature."""
    first = pd.Timestamp(snapshot.as_of - timedelta(days=spec.drift.reference))
    newest = events[events[DS] >= first]
    return build_reference_profile(newest, spec.features, newest[DS]).to_json()


def _tags(
    spec: ModelSpec, snapshot: SnapshotRef, key: str, code_commit: str, lock_sha256: str
) -> dict[str, str]:
    return {
        mlflow_runs.KEY_TAG: key,
        "dvc_tag": snapshot.tag,
        "dvc_hash": snapshot.content_hash,
        "as_of": snapshot.as_of.isoformat(),
        "code_commit": code_commit,
        "lock_sha256": lock_sha256,
        "seed": str(spec.training.seed),
    }


def _record(
    settings: Settings,
    spec: ModelSpec,
    snapshot: SnapshotRef,
    fitted: Fitted,
    profile: dict[str, Any],
    report: TrainingSetReport,
    tags: dict[str, str],
) -> RegisteredVersion:
    key = tags[mlflow_runs.KEY_TAG]
    run_id = mlflow_runs.start_run(settings, spec.model, key, f"{spec.model} {snapshot.as_of}", tags)
    mlflow_runs.log_snapshot(settings, run_id, snapshot)
    mlflow_runs.log_results(settings, run_id, _params(spec, fitted.pipeline), fitted.metrics)
    _log_artifacts(settings, run_id, fitted, profile, report)
    sample = prepare(fitted.rows.head(100), spec.features)
    signature = signature_of(sample, fitted.scores[:100])
    uploaded = mlflow_models.upload_model(settings, spec.model, run_id, fitted.pipeline, signature)
    return _register_once(settings, spec.model, run_id, uploaded, tags)


def _register_once(
    settings: Settings, model: str, run_id: str, uploaded: UploadedModel, tags: dict[str, str]
) -> RegisteredVersion:
    """Register under the model's lock: of two trainings with one key, the first one wins."""
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        first = mlflow_registry.find_version(settings, model, tags[mlflow_runs.KEY_TAG])
        if first is None:
            return mlflow_registry.register_version(settings, model, run_id, uploaded, tags)
    mlflow_runs.finish_run(settings, run_id, "KILLED")
    return first


def _params(spec: ModelSpec, pipeline: Pipeline) -> dict[str, Any]:
    estimator = pipeline[-1].get_params(deep=False)
    return {
        "estimator": spec.training.estimator,
        "window_days": spec.training.window,
        "validation_days": spec.training.validation,
        "holdout_days": spec.training.holdout,
        "grace_days": spec.label.grace,
        **{f"estimator.{name}": value for name, value in estimator.items()},
    }


def _log_artifacts(
    settings: Settings, run_id: str, fitted: Fitted, profile: dict[str, Any], report: TrainingSetReport
) -> None:
    with tempfile.TemporaryDirectory(dir=settings.work_root, prefix="artifacts-") as temporary:
        folder = Path(temporary)
        _write_json(folder / mlflow_documents.MODEL_INFO, fitted.info.to_json())
        _write_json(folder / mlflow_documents.REFERENCE_PROFILE, profile)
        _write_json(folder / mlflow_documents.TRAINING_SET, report.document)
        (folder / mlflow_documents.TRAINING_SET_PAGE).write_text(report.page, encoding="utf-8")
        (folder / "plots").mkdir()
        draw_plots(folder / "plots", fitted.labels, fitted.scores, fitted.info.threshold, fitted.importance)
        mlflow_runs.log_files(settings, run_id, folder)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")
