"""Fit a model on a snapshot and register it as a candidate."""

from __future__ import annotations

import logging
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from include.adapters import mlflow_registry, mlflow_runs
from include.adapters.machine import describe_machine
from include.contracts import CandidateRef, SnapshotRef
from include.core.estimators import Params, build_estimator
from include.core.learning_curve import learning_curve
from include.core.reference_profile import build_reference_profile
from include.core.training import fit_model
from include.core.training_set import DS
from include.core.validation_intervals import validation_intervals
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.task import METRICS
from include.steps.check_training_set import check_training_set
from include.steps.record_training import Stopwatch, Trained, record_training
from include.steps.search_rows import forget_search_rows
from include.steps.snapshot_training_set import load_training_set
from include.steps.training_key import training_key, training_tags

if TYPE_CHECKING:
    from include.adapters.search_trial import Trial

BEST_TRIAL_TAG = "best_trial"

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
    NotReadyError
        When trials of its search have not ended.
    """
    watch = Stopwatch()
    began = perf_counter()
    spec = specs.model(model)
    key = training_key(spec, snapshot)
    found = mlflow_registry.find_version(settings, model, key)
    if found is None:
        best = _best_trial(settings, spec, key)
        trained = _train(settings, specs, spec, snapshot, watch, best.params if best else None)
        made_by = {"code_commit": code_commit, "lock_sha256": lock_sha256}
        searched = {BEST_TRIAL_TAG: str(best.number)} if best else {}
        tags = training_tags(spec, snapshot, key) | made_by | describe_machine() | searched
        tags |= trained.report.tags
        found = record_training(settings, specs, spec, trained, tags, watch)
        parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in watch.seconds.items())
        log.info("%s: trained: %s", model, parts)
    mlflow_runs.finish_run(settings, found.run_id)
    forget_search_rows(settings, model)
    log.info("%s version %d is the candidate, %.1f s", model, found.version, perf_counter() - began)
    return CandidateRef(
        model=model,
        version=found.version,
        run_id=found.run_id,
        as_of=snapshot.as_of,
        artifact_sha256=found.artifact_sha256,
        snapshot=snapshot,
    )


def _best_trial(settings: Settings, spec: ModelSpec, key: str) -> Trial | None:
    if spec.training.search is None:
        return None
    # Here and not above: it imports Optuna, a quarter of a second that only a search has to spend.
    from include.steps.searched_params import find_best_trial

    return find_best_trial(settings, spec, key)


def _train(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    snapshot: SnapshotRef,
    watch: Stopwatch,
    params: Params | None,
) -> Trained:
    """Read, check, fit, with the parameters that were searched, and say what the fit is like."""
    build_estimator(spec, params)  # what it refuses is said now, not after minutes of reading
    columns = [*spec.features.all, *spec.leakage.entity]
    with watch.part("read"):
        events, data = load_training_set(settings, specs, spec, snapshot, columns)
    with watch.part("check"):
        report = check_training_set(settings, specs, spec, snapshot, events, data)
    with watch.part("fit"):
        key = specs.dataset(spec.dataset).key
        fitted = fit_model(spec, data, snapshot.as_of, params, entity_key=key)
    with watch.part("profile"):
        profile = _reference_profile(spec, snapshot, events)
    with watch.part("intervals"):
        intervals = validation_intervals(spec.task, fitted.labels, fitted.scores, spec.training.seed)
    with watch.part("learning_curve"):
        measured = {metric: fitted.metrics.get(f"validation_{metric}") for metric in METRICS[spec.task]}
        own = {str(metric): value for metric, value in measured.items() if value is not None}
        curve = learning_curve(spec, data, snapshot.as_of, fitted.info.params, own)
    return Trained(snapshot, fitted, report, profile, intervals, curve)


def _reference_profile(spec: ModelSpec, snapshot: SnapshotRef, events: pd.DataFrame) -> dict[str, Any]:
    """Profile the newest days whole: the weekly check sees rows before their labels are mature."""
    first = pd.Timestamp(snapshot.as_of - timedelta(days=spec.drift.reference))
    newest = events[events[DS] >= first]
    return build_reference_profile(newest, spec.features, newest[DS]).to_json()
