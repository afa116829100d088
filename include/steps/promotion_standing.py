"""What is known about a candidate when its promotion is decided: who serves, and what was decided before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import ChampionRef, EvaluationRef, PromotionResult
from include.contracts.ledger import (
    LedgerEntry,
    LedgerKind,
    decision_key,
    promotion_key,
    refusal_key,
)
from include.core.evidence import evidence_sha256
from include.core.gates.decide import decide_promotion, refuse_replacement


@dataclass(frozen=True)
class Standing:
    """A candidate's case.

    Attributes
    ----------
    champion
        Who serves now.
    settled
        What came of this evidence before; None where it is still open.
    allowed, reasons
        Whether the gates and the champion allow a promotion, and why.
    """

    champion: ChampionRef | None
    settled: PromotionResult | None
    allowed: bool
    reasons: list[str]


def find_standing(conn: Connection, evaluation: EvaluationRef) -> Standing:
    """Look a candidate's case up; the caller holds the model's lock."""
    candidate = evaluation.candidate
    champion = warehouse.current_champion(conn, candidate.model)
    settled = _settled(conn, evaluation, champion)
    if settled is not None:
        return Standing(champion, settled, settled.promoted, settled.reasons)
    served_before = warehouse.promoted_version(conn, candidate.model, candidate.version) is not None
    refusal = refuse_replacement(candidate, champion, served_before=served_before)
    if refusal is not None:
        return Standing(champion, None, allowed=False, reasons=[refusal])
    allowed, reasons = decide_promotion(evaluation.decisions)
    return Standing(champion, None, allowed, reasons)


def record_gates(conn: Connection, evaluation: EvaluationRef) -> None:
    """Put the verdicts of all gates on record, once for each evidence."""
    candidate, evidence = evaluation.candidate, evidence_sha256(evaluation)
    decisions = [decision.to_json() for decision in evaluation.decisions]
    body = {
        "version": candidate.version,
        "as_of": candidate.as_of.isoformat(),
        "evidence_sha256": evidence,
        "decisions": decisions,
    }
    ledger.append(
        conn,
        LedgerKind.DECISION,
        model=candidate.model,
        key=decision_key(candidate.model, candidate.version, evidence),
        body=body,
        actor=None,
        reason="; ".join(decide_promotion(evaluation.decisions)[1]),
    )
    warehouse.record_decisions(
        conn, candidate.model, candidate.version, candidate.as_of, evaluation.decisions
    )


def recorded_result(entry: LedgerEntry, evaluation: EvaluationRef) -> PromotionResult:
    """Return what an entry of the ledger says became of a candidate."""
    body = entry.body
    return PromotionResult(
        model=entry.model,
        version=body["version"],
        promoted=entry.kind is not LedgerKind.REFUSAL,
        previous_version=body.get("previous_version"),
        effective_from=evaluation.candidate.as_of,
        reasons=body["reasons"],
        semantic_version=body.get("semantic_version"),
        approved_by=body.get("approved_by"),
        ledger_entry=entry.number,
    )


def _settled(
    conn: Connection, evaluation: EvaluationRef, champion: ChampionRef | None
) -> PromotionResult | None:
    """Of a candidate that serves, its promotion; else the refusal of this evidence, if there is one."""
    candidate = evaluation.candidate
    promoted = ledger.find(conn, promotion_key(candidate.model, candidate.version, candidate.as_of))
    if promoted and champion and champion.version == candidate.version:
        return recorded_result(promoted, evaluation)
    key = refusal_key(candidate.model, candidate.version, evidence_sha256(evaluation))
    refused = ledger.find(conn, key)
    return None if refused is None else recorded_result(refused, evaluation)
