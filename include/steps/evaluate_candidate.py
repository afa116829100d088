"""Judge a candidate, and the champion beside it, on the candidate's holdout."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.adapters import mlflow_runs, warehouse
from include.contracts import CandidateRef, Decision, EvaluationRef, MetricEstimate
from include.core.bootstrap import bootstrap_difference
from include.core.metrics import measure
from include.core.model_info import ModelInfo
from include.core.promotion import decide_absolute, decide_versus_champion, decide_without_comparison
from include.core.training_set import TrainingSet
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.steps.scorer import Scorer, load_scorer
from include.steps.snapshot_training_set import load_training_set

log = logging.getLogger(__name__)

DECISIONS = "decisions.json"


def run(settings: Settings, specs: Specs, model: str, candidate: CandidateRef) -> EvaluationRef:
    """Score the holdout with both models, measure both, and judge every gate.

    The holdout is read again from the candidate's snapshot; it was not used to fit, to search or to
    choose the threshold. What is found is logged to the candidate's run.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    model
        Which model.
    candidate
        Who is judged.
    """
    started = perf_counter()
    spec = specs.model(model)
    judged, champion = _load_scorers(settings, candidate)
    rivals = [judged, champion] if champion else [judged]
    holdouts = _read_holdouts(settings, specs, spec, candidate, rivals)
    holdout = holdouts[0]
    scores, *others = [rival.score(seen.rows) for rival, seen in zip(rivals, holdouts, strict=True)]
    champion_scores = others[0] if others else None
    versus = _versus_champion(spec, holdout.labels, scores, champion, champion_scores, candidate.version)
    metrics = measure(spec.task, holdout.labels, scores)
    champion_measured = {} if champion_scores is None else measure(spec.task, holdout.labels, champion_scores)
    result = EvaluationRef(
        candidate=candidate,
        champion_version=champion.version if champion else None,
        holdout_first=holdout.first,
        holdout_last=holdout.last,
        holdout_rows=len(holdout.labels),
        metrics=_estimates(metrics),
        champion_metrics=_estimates(champion_measured),
        decisions=[*decide_absolute(metrics, spec.gates.absolute), versus],
    )
    _log_result(settings, result)
    log.info(
        "%s version %d judged on %d rows: %s; %.1f s",
        model, candidate.version, result.holdout_rows,
        ", ".join(f"{d.gate} {d.verdict}" for d in result.decisions), perf_counter() - started,
    )  # fmt: skip
    return result


@dataclass(frozen=True)
class _Holdout:
    rows: pd.DataFrame
    labels: NDArray[np.int64]
    first: date
    last: date


def _load_scorers(settings: Settings, candidate: CandidateRef) -> tuple[Scorer, Scorer | None]:
    with warehouse.transaction(settings) as conn:
        champion = warehouse.current_champion(conn, candidate.model)
    judged = load_scorer(settings, candidate)
    if champion is None:
        return judged, None
    return judged, judged if champion.version == candidate.version else load_scorer(settings, champion)


def _read_holdouts(
    settings: Settings, specs: Specs, spec: ModelSpec, candidate: CandidateRef, rivals: list[Scorer]
) -> list[_Holdout]:
    """Read the candidate's holdout for each rival: once, unless they derive features of one name unlike."""

    def read(together: list[Scorer]) -> _Holdout:
        wanted = [name for rival in together for name in rival.info.features.all]
        derived = {one.name: one for rival in together for one in rival.info.derived}
        _, data = load_training_set(settings, specs, spec, candidate.snapshot, wanted, list(derived.values()))
        return _holdout(data, rivals[0].info)

    definitions = {one.name: one for rival in rivals for one in rival.info.derived}
    if all(definitions[one.name] == one for rival in rivals for one in rival.info.derived):
        return [read(rivals)] * len(rivals)
    return [read([rival]) for rival in rivals]


def _holdout(data: TrainingSet, info: ModelInfo) -> _Holdout:
    """Take the days the candidate was kept from, as its training recorded them."""
    first, last = info.holdout.first, info.holdout.last
    chosen = (data.matured >= np.datetime64(first)) & (data.matured <= np.datetime64(last))
    return _Holdout(data.rows[chosen], data.labels[chosen], first, last)


def _versus_champion(
    spec: ModelSpec,
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    champion: Scorer | None,
    champion_scores: NDArray[np.float64] | None,
    candidate_version: int,
) -> Decision:
    if champion is None or champion_scores is None:
        return decide_without_comparison("no champion yet: there is nothing to be worse than")
    if champion.version == candidate_version:
        return decide_without_comparison(f"version {candidate_version} is the champion itself")
    gate = spec.gates.versus_champion
    interval = bootstrap_difference(
        labels, scores, champion_scores, gate.metric, gate.confidence, spec.training.seed
    )
    return decide_versus_champion(gate, interval, champion.version, len(labels))


def _estimates(metrics: dict[str, float]) -> dict[str, MetricEstimate]:
    return {name: MetricEstimate(value=value) for name, value in metrics.items()}


def _log_result(settings: Settings, result: EvaluationRef) -> None:
    run_id = result.candidate.run_id
    found = {"holdout": result.metrics, "champion_holdout": result.champion_metrics}
    metrics = {f"{part}_{name}": one.value for part, named in found.items() for name, one in named.items()}
    mlflow_runs.log_results(settings, run_id, {}, metrics)
    mlflow_runs.log_document(settings, run_id, DECISIONS, [d.to_json() for d in result.decisions])
