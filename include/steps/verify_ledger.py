"""Prove that the ledger is as it was written, and that what it vouches for still says the same."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from time import perf_counter

from sqlalchemy import Connection, text

from include.adapters import mlflow_registry, warehouse
from include.adapters.warehouse import ledger
from include.adapters.warehouse import promotions as stored
from include.adapters.warehouse.retirements import retirement_rows
from include.contracts import Decision
from include.contracts.canonical import canonical_json
from include.contracts.ledger import (
    FIRST_PREVIOUS,
    LedgerAlteration,
    LedgerCheck,
    LedgerEntry,
    LedgerKind,
)
from include.core.ledger import SERVING, compare_row, compare_tags, walk_chain
from include.errors import IntegrityError, name_some
from include.settings import Settings

log = logging.getLogger(__name__)

PROMOTION = "perennial.promotion"
RETIREMENT = "perennial.retirement"

# One view of the warehouse for all that is compared; it changes nothing.
_ONE_VIEW = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def run(settings: Settings, models: Iterable[str]) -> LedgerCheck:
    """Read the whole ledger and compare it with the tables of promotions and decisions, and with MLflow.

    The registry is read before: an entry that it names was committed by then.

    Parameters
    ----------
    settings
        The installation.
    models
        Models whose versions in MLflow must be on record, beside those that the ledger knows: where its
        end was cut off, it may no longer know one of them.

    Raises
    ------
    IntegrityError
        When something was altered; names each entry, and carries the `LedgerCheck` as the fact `check`.
    """
    started = perf_counter()
    tags = _registered(settings, models)
    with warehouse.transaction(settings) as conn:
        conn.execute(_ONE_VIEW)
        check = _read(conn, tags)
    if check.alterations:
        raise IntegrityError(
            "; ".join(map(str, check.alterations[:10])) + _more(check),
            where="ledger (perennial.ledger of the warehouse)",
            next_step="find out who changed the warehouse, and compare with a backup of before; until then"
            " trust no answer about these entries",
            check=check.to_json(),
        )
    log.info(
        "the ledger verifies: %d entries, the last one has SHA-256 %s; %d versions name theirs; %.1f s",
        check.entries, check.sha256, len(tags), perf_counter() - started,
    )  # fmt: skip
    return check


def _registered(settings: Settings, models: Iterable[str]) -> dict[tuple[str, int], tuple[str, str]]:
    with warehouse.transaction(settings) as conn:
        known = {*models, *ledger.models(conn)}
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for model in sorted(known):
        found |= mlflow_registry.ledger_tags(settings, model)
    return found


def _more(check: LedgerCheck) -> str:
    rest = [str(one.number) for one in check.alterations[10:]]
    return f"; and entries {name_some(rest)}" if rest else ""


def _read(conn: Connection, tags: dict[tuple[str, int], tuple[str, str]]) -> LedgerCheck:
    tables = {PROMOTION: stored.promotion_rows(conn), RETIREMENT: retirement_rows(conn)}
    unnamed = stored.decision_ids(conn)
    named = {int(number) for number, _ in tags.values() if number.isdecimal()}
    hashes: dict[int, str] = {}
    found: list[LedgerAlteration] = []
    count, last, sha256 = 0, 0, FIRST_PREVIOUS
    for sealed, entry, wrong in walk_chain(ledger.sealed_entries(conn)):
        count, sha256 = count + 1, sealed.sha256
        found += wrong
        if entry is None:
            continue
        last = entry.number
        if entry.number in named:
            hashes[entry.number] = sealed.sha256
        if (table := _table_of(entry)) is not None:
            found += compare_row(entry, tables[table].pop(entry.number, None), table)
        elif entry.kind is LedgerKind.DECISION:
            found += _compare_decisions(conn, entry, unnamed)
    found += [
        LedgerAlteration(number=number, problem=f"{table} has a row that it did not record")
        for table, rows in tables.items()
        for number in rows
    ]
    found += [
        LedgerAlteration(number=0, problem=f"perennial.decision has a row that no entry recorded: {about}")
        for about in unnamed.values()
    ]
    return LedgerCheck(entries=count, sha256=sha256, alterations=[*found, *compare_tags(tags, hashes, last)])


def _table_of(entry: LedgerEntry) -> str | None:
    if entry.kind is LedgerKind.RETIREMENT:
        return RETIREMENT
    return PROMOTION if entry.kind in SERVING else None


def _compare_decisions(
    conn: Connection, entry: LedgerEntry, unnamed: dict[int, str]
) -> list[LedgerAlteration]:
    """Find each decision of an entry among the recorded ones, and take it from those nobody named."""
    version, as_of = entry.body["version"], date.fromisoformat(entry.body["as_of"])
    recorded = {
        _spelled(decision): number
        for number, decision in stored.decisions_on(conn, entry.model, version, as_of).items()
    }
    found = []
    for said in map(Decision.model_validate, entry.body["decisions"]):
        number = recorded.get(_spelled(said))
        if number is None:
            problem = f"the decision of gate {said.gate} in perennial.decision was changed or is gone"
            found.append(LedgerAlteration(number=entry.number, problem=problem))
        else:
            unnamed.pop(number, None)
    return found


def _spelled(decision: Decision) -> str:
    """Equal for equal decisions; the database may give 1e16 back as a whole number."""
    numbers = {name: _float(value) for name, value in decision.observed.items()}
    limits = {name: _float(value) for name, value in decision.thresholds.items()}
    return canonical_json({**decision.to_json(), "observed": numbers, "thresholds": limits})


def _float(value: float | int | str | None) -> float | str | None:
    return float(value) if isinstance(value, int | float) else value
