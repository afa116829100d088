"""Judge a candidate, and the champion beside it, on the candidate's holdout."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import perf_counter

from include.adapters import mlflow_runs, warehouse
from include.adapters.files import write_atomically
from include.adapters.work_folders import work_folder
from include.contracts import CandidateRef, Decision, EvaluationRef, MetricEstimate
from include.core.bootstrap import Compared, Interval, compare_models, metric_intervals
from include.core.gates.absolute import decide_absolute
from include.core.gates.versus_champion import (
    decide_versus_champion,
    decide_without_champion_model,
    decide_without_comparison,
)
from include.errors import IntegrityError
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.task import Metric
from include.steps.evaluation_page import evaluation_page
from include.steps.holdout import ScoredHoldout, score_holdout, side_by_side, with_threshold
from include.steps.judge_candidate import judge_more
from include.steps.scorer import Scorer, load_scorer

log = logging.getLogger(__name__)

DECISIONS = "decisions.json"
PAGE = "evaluation.html"


def run(settings: Settings, specs: Specs, model: str, candidate: CandidateRef) -> EvaluationRef:
    """Score the holdout with both models, measure both, and judge every gate.

    The holdout is read again from the candidate's snapshot; it was not used to fit, to search or to
    choose the threshold. What is found is logged to the candidate's run, and written as a page.

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

    Raises
    ------
    IntegrityError
        When the candidate cannot be loaded. A champion that cannot be loaded is a verdict.
    """
    started = perf_counter()
    spec = specs.model(model)
    rivals = _load_rivals(settings, candidate)
    scored = score_holdout(settings, specs, spec, candidate, rivals.judged, rivals.comparable)
    compared = _compare(spec, rivals, scored)
    metrics = _estimates(compared.candidate)
    rows = len(scored.holdout.labels)
    result = EvaluationRef(
        candidate=candidate,
        champion_version=rivals.champion_version,
        holdout_first=scored.holdout.first,
        holdout_last=scored.holdout.last,
        holdout_rows=rows,
        metrics=metrics,
        champion_metrics=_estimates(compared.champion),
        decisions=[
            *decide_absolute(metrics, spec.gates.absolute, rows),
            _versus_champion(spec, rivals, compared, rows),
            *judge_more(
                settings,
                spec,
                candidate,
                rivals.judged,
                rivals.comparable,
                scored.holdout.rows,
                scored.holdout.labels,
                scored.scores,
                scored.champion_scores,
            ),
        ],
        report=_page_name(candidate, rivals.champion_version),
    )
    page = evaluation_page(spec, result, compared, scored, rivals.judged, rivals.comparable)
    _keep(settings, result, page)
    log.info(
        "%s version %d judged on %d rows: %s; %.1f s",
        model, candidate.version, result.holdout_rows,
        ", ".join(f"{d.gate} {d.verdict}" for d in result.decisions), perf_counter() - started,
    )  # fmt: skip
    return result


@dataclass(frozen=True)
class _Rivals:
    """Who is judged, and who serves; `problem` says why the champion could not be loaded."""

    judged: Scorer
    champion: Scorer | None
    champion_version: int | None
    problem: str | None = None

    @property
    def comparable(self) -> Scorer | None:
        """The champion, if it answers the same kind of question."""
        if self.champion is None or self.champion.info.task is not self.judged.info.task:
            return None
        return self.champion


def _load_rivals(settings: Settings, candidate: CandidateRef) -> _Rivals:
    with warehouse.transaction(settings) as conn:
        champion = warehouse.current_champion(conn, candidate.model)
    judged = load_scorer(settings, candidate)
    if champion is None:
        return _Rivals(judged, None, None)
    if champion.version == candidate.version:
        return _Rivals(judged, judged, champion.version)
    try:
        return _Rivals(judged, load_scorer(settings, champion), champion.version)
    except IntegrityError as error:
        log.warning("champion version %d cannot be loaded: %s", champion.version, error)
        return _Rivals(judged, None, champion.version, str(error))


def _compare(spec: ModelSpec, rivals: _Rivals, scored: ScoredHoldout) -> Compared:
    task, labels, seed = rivals.judged.info.task, scored.holdout.labels, spec.training.seed
    confidence = spec.gates.versus_champion.confidence
    if rivals.comparable is None:
        judged = with_threshold(rivals.judged, scored.scores)
        return Compared(metric_intervals(task, labels, judged, confidence, seed), {}, {})
    judged, champion = side_by_side(scored, rivals.judged, rivals.comparable)
    return compare_models(task, labels, judged, champion, confidence, seed)


def _versus_champion(spec: ModelSpec, rivals: _Rivals, compared: Compared, rows: int) -> Decision:
    gate, version = spec.gates.versus_champion, rivals.champion_version
    if version is None:
        return decide_without_comparison("no champion yet: there is nothing to be worse than")
    if rivals.problem is not None:
        return decide_without_champion_model(gate, version, rivals.problem)
    if version == rivals.judged.version:
        return decide_without_comparison(f"version {version} is the champion itself")
    if rivals.comparable is None:
        return decide_without_comparison(
            f"champion version {version} answers another kind of question: there is nothing to compare"
        )
    return decide_versus_champion(gate, compared.differences.get(gate.metric), version, rows)


def _estimates(intervals: dict[Metric, Interval]) -> dict[str, MetricEstimate]:
    return {
        str(metric): MetricEstimate(value=one.value, lower=one.lower, upper=one.upper)
        for metric, one in intervals.items()
    }


def _page_name(candidate: CandidateRef, champion_version: int | None) -> str:
    beside = "alone" if champion_version is None else f"beside-{champion_version}"
    return f"{candidate.model}/evaluation/version-{candidate.version}-{beside}.html"


def _keep(settings: Settings, result: EvaluationRef, page: str) -> None:
    """Write the page where the web UI finds it, and log all that was found to the candidate's run."""
    run_id = result.candidate.run_id
    mlflow_runs.log_results(settings, run_id, {}, _logged_metrics(result))
    mlflow_runs.log_document(settings, run_id, DECISIONS, [d.to_json() for d in result.decisions])
    with work_folder(settings.work_root, "evaluation-") as folder:
        (folder / PAGE).write_text(page, encoding="utf-8")
        mlflow_runs.log_files(settings, run_id, folder)
    write_atomically(settings.reports_root / str(result.report), page.encode())


def _logged_metrics(result: EvaluationRef) -> dict[str, float]:
    found = {"holdout": result.metrics, "champion_holdout": result.champion_metrics}
    return {
        f"{part}_{name}{end}": value
        for part, named in found.items()
        for name, one in named.items()
        for end, value in (("", one.value), ("_lower", one.lower), ("_upper", one.upper))
        if value is not None
    }
