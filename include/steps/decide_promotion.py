"""Say what follows from an evaluation, before anything changes: refused, promoted, or a person is asked."""

from __future__ import annotations

import logging
from time import perf_counter

from include.adapters import warehouse
from include.contracts import EvaluationRef, PromotionPlan
from include.core.evidence import evidence_sha256
from include.settings import Settings
from include.specs import Specs
from include.steps.promotion_standing import find_standing, record_gates

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, model: str, evaluation: EvaluationRef) -> PromotionPlan:
    """Put the verdicts of all gates on record and return what follows from them.

    Nobody is asked about a candidate that is refused anyway, nor about one that serves already.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs; the model's says whether a person must agree.
    model
        Which model.
    evaluation
        The evidence.
    """
    started = perf_counter()
    candidate, manual = evaluation.candidate, specs.model(model).gates.approval.mode == "manual"
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        standing = find_standing(conn, evaluation)
        record_gates(conn, evaluation)
    plan = PromotionPlan(
        model=model,
        version=candidate.version,
        allowed=standing.allowed,
        needs_approval=manual and standing.allowed and standing.settled is None,
        reasons=standing.reasons,
        evidence_sha256=evidence_sha256(evaluation),
        requested_by=candidate.snapshot.requested_by,
    )
    log.info(
        "%s version %d %s%s: %s; %.1f s",
        model, candidate.version, "may be promoted" if plan.allowed else "is refused",
        ", if a person agrees" if plan.needs_approval else "", "; ".join(plan.reasons),
        perf_counter() - started,
    )  # fmt: skip
    return plan
