"""Keep a person's answer to a promotion plan: the first answer to some evidence is the answer."""

from __future__ import annotations

import logging

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import ApprovalRef, PromotionPlan
from include.contracts.ledger import LedgerKind, approval_key
from include.core.approval import objection
from include.errors import ApprovalError
from include.settings import Settings

log = logging.getLogger(__name__)


def run(settings: Settings, plan: PromotionPlan, approved: bool, by: str | None, reason: str) -> ApprovalRef:
    """Append an answer to the ledger and return the one that counts: the first to this evidence.

    Parameters
    ----------
    settings
        The installation.
    plan
        What was asked.
    approved
        Whether the candidate shall serve.
    by
        Who answered; None where nobody did in time, which is a no.
    reason
        Why, in their words.

    Raises
    ------
    ApprovalError
        When the answer does not count: a yes by nobody or by who asked for the training, or no reason.
    """
    _refuse_what_does_not_count(plan, approved, by, reason)
    answer = ApprovalRef(
        model=plan.model,
        version=plan.version,
        evidence_sha256=plan.evidence_sha256,
        approved=approved,
        by=by,
        reason=reason.strip(),
    )
    with warehouse.transaction(settings) as conn:
        entry = ledger.append(
            conn,
            LedgerKind.APPROVAL,
            model=plan.model,
            key=_key(plan),
            body=answer.to_json(),
            actor=by,
            reason=answer.reason,
        )
    kept = ApprovalRef.from_json(entry.body)
    log.info(
        "%s version %d: %s by %s: %s",
        kept.model, kept.version, "approved" if kept.approved else "not approved", kept.by or "nobody",
        kept.reason,
    )  # fmt: skip
    return kept


def find(settings: Settings, plan: PromotionPlan) -> ApprovalRef | None:
    """Return the answer that was given to this evidence; None where there is none yet."""
    with warehouse.transaction(settings) as conn:
        entry = ledger.find(conn, _key(plan))
    return None if entry is None else ApprovalRef.from_json(entry.body)


def _key(plan: PromotionPlan) -> str:
    return approval_key(plan.model, plan.evidence_sha256)


def _refuse_what_does_not_count(plan: PromotionPlan, approved: bool, by: str | None, reason: str) -> None:
    if by is None and not approved and reason.strip():
        return
    names = [] if by is None else [by]
    wrong = objection(names=names, approvers=names, requested_by=plan.requested_by, reason=reason)
    if wrong is not None:
        raise ApprovalError(
            f"this answer does not count: {wrong}",
            where=f"model {plan.model}, version {plan.version}",
            next_step=f"clear task `approve_promotion` of the run of {plan.model}__promote: it asks again",
        )
