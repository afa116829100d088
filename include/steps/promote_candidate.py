"""Act on an evaluation: with rollback, the only place that changes what serves."""

from __future__ import annotations

import logging
from time import perf_counter

from sqlalchemy import Connection

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import ApprovalRef, ChampionRef, EvaluationRef, PromotionResult
from include.contracts.ledger import LedgerKind, approval_key, promotion_key, refusal_key
from include.core.evidence import evidence_sha256
from include.core.semantic_version import Identity, NextVersion, identity_of, next_version
from include.errors import ApprovalError, StaleEvidenceError
from include.settings import Settings
from include.specs import Specs
from include.steps.champion_aliases import follow_warehouse
from include.steps.promotion_standing import Standing, find_standing, record_gates, recorded_result
from include.steps.scorer import load_scorer
from include.steps.write_card import write_card

log = logging.getLogger(__name__)


def run(
    settings: Settings,
    specs: Specs,
    model: str,
    evaluation: EvaluationRef,
    approval: ApprovalRef | None = None,
) -> PromotionResult:
    """Make a candidate the champion, or refuse it, and put that on record with its reasons.

    Everything is decided under the model's lock and recorded in one transaction of the warehouse, which is
    the truth about who serves; MLflow's aliases follow it. A run killed in between is repeated safely, and
    mends the aliases.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    model
        Which model.
    evaluation
        The evidence.
    approval
        The answer of the person who was asked; None where nobody was.

    Raises
    ------
    StaleEvidenceError
        When another version became champion after the evaluation: its evidence is out of date.
    ApprovalError
        When a person must agree and did not answer, or answered to other evidence.
    IntegrityError
        When the candidate's files are not those that were judged. Nothing changed.
    """
    started = perf_counter()
    spec = specs.model(model)
    manual = spec.gates.approval.mode == "manual"
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        standing = find_standing(conn, evaluation)
        result = standing.settled or _decide(settings, conn, evaluation, standing, approval, manual=manual)
    follow_warehouse(settings, model)
    if result.promoted and result.ledger_entry is not None:
        card = write_card(settings, spec, evaluation, result.ledger_entry)
        result = result.model_copy(update={"card": card})
    log.info(
        "%s version %d %s: %s; %.1f s",
        model, result.version,
        f"promoted as {result.semantic_version}" if result.promoted else "not promoted",
        "; ".join(result.reasons), perf_counter() - started,
    )  # fmt: skip
    return result


def _decide(
    settings: Settings,
    conn: Connection,
    evaluation: EvaluationRef,
    standing: Standing,
    approval: ApprovalRef | None,
    *,
    manual: bool,
) -> PromotionResult:
    if not standing.allowed:
        return _refuse(conn, evaluation, standing.reasons)
    answer = _answer(conn, evaluation, approval) if manual else None
    if answer is not None and not answer.approved:
        who = f"{answer.by} did not approve" if answer.by else "nobody approved in time"
        return _refuse(conn, evaluation, [f"{who}: {answer.reason}"], answer.by)
    _refuse_stale_evidence(evaluation, standing.champion)
    identity = identity_of(load_scorer(settings, evaluation.candidate).info)
    return _promote(conn, evaluation, standing.reasons, answer, identity)


def _refuse(
    conn: Connection, evaluation: EvaluationRef, reasons: list[str], actor: str | None = None
) -> PromotionResult:
    record_gates(conn, evaluation)
    candidate, evidence = evaluation.candidate, evidence_sha256(evaluation)
    body = {
        "version": candidate.version,
        "evidence_sha256": evidence,
        "previous_version": evaluation.champion_version,
        "reasons": reasons,
    }
    entry = ledger.append(
        conn, LedgerKind.REFUSAL, model=candidate.model,
        key=refusal_key(candidate.model, candidate.version, evidence),
        body=body, actor=actor, reason="; ".join(reasons),
    )  # fmt: skip
    return recorded_result(entry, evaluation)


def _promote(
    conn: Connection,
    evaluation: EvaluationRef,
    reasons: list[str],
    answer: ApprovalRef | None,
    identity: Identity,
) -> PromotionResult:
    candidate, named = evaluation.candidate, _name(conn, evaluation.candidate.model, identity)
    approved_by = answer.by if answer else None
    details = {
        "previous_version": evaluation.champion_version,
        "evidence_sha256": evidence_sha256(evaluation),
        "requested_by": candidate.snapshot.requested_by,
        "approved_by": approved_by,
        "approval_reason": answer.reason if answer else None,
        "raised": named.level,
        "changed": named.changed,
        "identity": identity,
    }
    record_gates(conn, evaluation)
    entry = warehouse.record_promotion(
        conn, candidate.model, candidate.version, candidate.as_of, candidate.run_id,
        candidate.artifact_sha256, candidate.snapshot.tag, candidate.snapshot.content_hash, reasons,
        key=promotion_key(candidate.model, candidate.version, candidate.as_of), actor=approved_by,
        semantic_version=named.version, details=details,
    )  # fmt: skip
    return recorded_result(entry, evaluation)


def _name(conn: Connection, model: str, identity: Identity) -> NextVersion:
    taken = warehouse.semantic_versions(conn, model)
    seal = warehouse.champion_seal(conn, model)
    if seal is None:
        return next_version(identity, None, None, taken.values())
    entry = ledger.read(conn, seal.ledger_number)
    return next_version(identity, entry.body.get("identity"), seal.semantic_version, taken.values())


def _answer(conn: Connection, evaluation: EvaluationRef, approval: ApprovalRef | None) -> ApprovalRef:
    """Return the answer that counts: the one in the ledger, to this very evidence."""
    candidate, evidence = evaluation.candidate, evidence_sha256(evaluation)
    entry = ledger.find(conn, approval_key(candidate.model, evidence))
    recorded = None if entry is None else ApprovalRef.from_json(entry.body)
    if recorded is not None and approval in {None, recorded}:
        return recorded
    if recorded is not None:
        problem = "the answer handed on is not the one on record"
    elif approval is not None and approval.evidence_sha256 != evidence:
        problem = "the answer was given to other evidence"
    else:
        problem = "a person must agree, and no answer is on record"
    raise ApprovalError(
        problem,
        where=f"model {candidate.model}, version {candidate.version}",
        next_step=f"clear task `approve_promotion` of the run of {candidate.model}__promote",
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
