"""Act on an evaluation: the only place that changes what serves."""

from __future__ import annotations

import logging
from time import perf_counter

from include.adapters import mlflow_registry, warehouse
from include.contracts import ChampionRef, EvaluationRef, PromotionResult
from include.core.promotion import decide_promotion, refuse_replacement
from include.errors import StaleEvidenceError
from include.settings import Settings

log = logging.getLogger(__name__)


def run(settings: Settings, model: str, evaluation: EvaluationRef) -> PromotionResult:
    """Record the decisions and, when all gates passed, make the candidate the champion.

    Everything happens under the model's lock and in one transaction of the warehouse, which is the
    truth about who serves; MLflow's alias follows it. A run killed in between is repeated safely.

    Parameters
    ----------
    settings
        The installation.
    model
        Which model.
    evaluation
        The evidence.

    Raises
    ------
    StaleEvidenceError
        When another version became champion after the evaluation: its evidence is out of date.
    """
    started = perf_counter()
    candidate = evaluation.candidate
    promoted, reasons = decide_promotion(evaluation.decisions)
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        champion = warehouse.current_champion(conn, model)
        warehouse.record_decisions(conn, model, candidate.version, candidate.as_of, evaluation.decisions)
        served_before = warehouse.promoted_version(conn, model, candidate.version) is not None
        refusal = refuse_replacement(candidate, champion, served_before=served_before)
        if refusal is not None:
            promoted, reasons = False, [refusal]
        if promoted:
            _refuse_stale_evidence(evaluation, champion)
            warehouse.record_promotion(
                conn,
                model,
                candidate.version,
                candidate.as_of,
                candidate.run_id,
                candidate.artifact_sha256,
                candidate.snapshot.tag,
                candidate.snapshot.content_hash,
                reasons,
            )
            mlflow_registry.move_champion(settings, model, candidate.version)
    log.info(
        "%s version %d %s: %s; %.1f s",
        model, candidate.version, "promoted" if promoted else "not promoted",
        "; ".join(reasons), perf_counter() - started,
    )  # fmt: skip
    return PromotionResult(
        model=model,
        version=candidate.version,
        promoted=promoted,
        previous_version=evaluation.champion_version,
        effective_from=candidate.as_of,
        reasons=reasons,
    )


def _refuse_stale_evidence(evaluation: EvaluationRef, champion: ChampionRef | None) -> None:
    serving = champion.version if champion else None
    if serving in {evaluation.champion_version, evaluation.candidate.version}:
        return
    raise StaleEvidenceError(
        f"version {serving} became champion after version {evaluation.candidate.version} was compared"
        f" with {evaluation.champion_version or 'none'}",
        where=f"model {evaluation.candidate.model}",
        next_step=f"clear task `evaluate_candidate` of the run of {evaluation.candidate.model}__train",
    )
