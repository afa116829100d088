"""Let a version that served before serve again."""

from __future__ import annotations

import logging
from datetime import date
from time import perf_counter
from typing import Any

from sqlalchemy import Connection

from include.adapters import warehouse
from include.adapters.warehouse import ledger
from include.contracts import ChampionRef, RollbackResult
from include.contracts.ledger import LedgerEntry, LedgerKind
from include.core.rollback import Rollback, plan_rollback
from include.errors import FatalError
from include.settings import Settings
from include.specs import Specs
from include.steps import predict_partition
from include.steps.champion_aliases import follow_warehouse
from include.steps.scorer import load_scorer

log = logging.getLogger(__name__)


def run(
    settings: Settings,
    specs: Specs,
    model: str,
    *,
    request: str,
    reason: str,
    actor: str | None,
    version: int | None = None,
    effective_from: date | None = None,
    rescore: bool = False,
    dry_run: bool = True,
) -> RollbackResult:
    """Put a version back into service, or only say what that would change.

    The version is loaded first: one that is gone or altered is refused before anything changes. The next
    night takes the new answer, as nights ask the warehouse who serves them. Repeating a request changes
    nothing but what a killed run left undone.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    model
        Which model.
    request
        Names this wish: the run that asked.
    reason, actor
        Why, and who asked.
    version, effective_from
        See `plan_rollback`.
    rescore
        Whether nights that are published from `effective_from` on are scored again.
    dry_run
        Whether nothing is to change.

    Raises
    ------
    NoChampionError, FatalError
        When there is nothing to go back to; see `plan_rollback`.
    IntegrityError
        When the version's files are gone or altered.
    """
    started = perf_counter()
    reason = _required(reason, model)
    key = f"{LedgerKind.ROLLBACK}:{model}:{request}"
    with warehouse.transaction(settings) as conn:
        warehouse.model_lock(conn, model)
        entry = ledger.find(conn, key)
        if entry is None:
            plan = _plan(conn, model, version, effective_from)
            load_scorer(settings, plan.target)
            if dry_run:
                return _dry(conn, plan, reason, rescore=rescore)
            entry = _record(conn, plan, key, reason, actor)
        champion = _recorded(model, entry)
        nights = _nights(conn, champion) if rescore else []
    follow_warehouse(settings, model)
    for night in nights:
        predict_partition.run(settings, specs, model, night, champion, request)
    log.info(
        "%s: version %d serves from %s on instead of version %d, %d nights scored again: %s; %.1f s",
        model, champion.version, champion.effective_from, entry.body["from_version"], len(nights), reason,
        perf_counter() - started,
    )  # fmt: skip
    return RollbackResult(
        model=model, dry_run=False, from_version=entry.body["from_version"], to_version=champion.version,
        effective_from=champion.effective_from, reason=entry.reason, rescored=nights,
        ledger_entry=entry.number,
    )  # fmt: skip


def _required(reason: str, model: str) -> str:
    if reason.strip():
        return reason.strip()
    raise FatalError(
        "a rollback needs a reason: it stays on record",
        where=f"model {model}, parameter `reason`",
        next_step="trigger again and say why",
    )


def _plan(conn: Connection, model: str, version: int | None, effective_from: date | None) -> Rollback:
    return plan_rollback(
        model,
        warehouse.current_champion(conn, model),
        warehouse.first_promotions(conn, model),
        warehouse.previous_champion(conn, model),
        version=version,
        effective_from=effective_from,
        newest_night=warehouse.newest_night(conn, model),
        retired=warehouse.retirement(conn, model) is not None,
    )


def _dry(conn: Connection, plan: Rollback, reason: str, *, rescore: bool) -> RollbackResult:
    target = plan.target.model_copy(update={"effective_from": plan.effective_from})
    nights = _nights(conn, target) if rescore else []
    log.info(
        "dry run: %s version %d would serve from %s on instead of version %d; nights to be scored again: %s."
        " Nothing was changed",
        target.model, target.version, target.effective_from, plan.champion.version,
        ", ".join(map(str, nights)) or "none",
    )  # fmt: skip
    return RollbackResult(
        model=target.model, dry_run=True, from_version=plan.champion.version, to_version=target.version,
        effective_from=target.effective_from, reason=reason, rescored=nights,
    )  # fmt: skip


def _record(conn: Connection, plan: Rollback, key: str, reason: str, actor: str | None) -> LedgerEntry:
    target, model = plan.target, plan.target.model
    first = ledger.read(conn, warehouse.promotion_entry(conn, model, target.version))
    details: dict[str, Any] = {
        "from_version": plan.champion.version,
        "approved_by": actor,
        "identity": first.body.get("identity"),
    }
    return warehouse.record_promotion(
        conn, model, target.version, plan.effective_from, target.run_id, target.artifact_sha256,
        target.snapshot_tag, target.snapshot_hash, [reason],
        kind=LedgerKind.ROLLBACK, key=key, actor=actor,
        semantic_version=warehouse.semantic_versions(conn, model).get(target.version), details=details,
    )  # fmt: skip


def _recorded(model: str, entry: LedgerEntry) -> ChampionRef:
    facts = {name: entry.body[name] for name in ChampionRef.model_fields if name != "model"}
    return ChampionRef.model_validate({**facts, "model": model})


def _nights(conn: Connection, champion: ChampionRef) -> list[date]:
    """Return the published days from the champion's first one on."""
    last = warehouse.newest_night(conn, champion.model)
    if last is None or last < champion.effective_from:
        return []
    found = warehouse.current_publications(conn, champion.model, champion.effective_from, date.max)
    return [night.ds for night in found]
