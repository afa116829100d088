"""Models that were taken out of service. A later promotion or rollback puts them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from include.adapters.warehouse import ledger
from include.contracts import Contract
from include.contracts.ledger import LedgerEntry, LedgerKind

_RETIREMENT = text("""
    SELECT model, reason, actor, archive, ledger_number FROM perennial.retirement
    WHERE model = :model AND ledger_number > coalesce(
        (SELECT max(ledger_number) FROM perennial.promotion WHERE model = :model), 0)
    ORDER BY ledger_number DESC
    LIMIT 1
""")

_ROWS = text("SELECT ledger_number, model, reason, actor, archive FROM perennial.retirement")

_RECORD = text("""
    INSERT INTO perennial.retirement (model, reason, actor, archive, ledger_number)
    VALUES (:model, :reason, :actor, :archive, :ledger_number)
    ON CONFLICT (ledger_number) DO NOTHING
""")


class Retirement(Contract):
    """Why a model is out of service; `archive` lies below the reports' root."""

    model: str
    reason: str
    actor: str | None
    archive: str
    ledger_number: int


def retirement(conn: Connection, model: str) -> Retirement | None:
    """Return the retirement of a model that is out of service now; None while it serves."""
    row = conn.execute(_RETIREMENT, {"model": model}).one_or_none()
    return None if row is None else Retirement.model_validate(dict(row._mapping))


def retirement_rows(conn: Connection) -> dict[int, dict[str, Any]]:
    """Return what stands in the table of retirements by the number of its ledger entry."""
    rows = {row.ledger_number: dict(row._mapping) for row in conn.execute(_ROWS)}
    return {number: {k: v for k, v in row.items() if k != "ledger_number"} for number, row in rows.items()}


def record_retirement(
    conn: Connection,
    model: str,
    *,
    key: str,
    reason: str,
    actor: str | None,
    archive: str,
    details: Mapping[str, Any],
) -> LedgerEntry:
    """Record that a model is out of service, in the ledger too; repeating changes nothing.

    Parameters
    ----------
    conn
        Inside a transaction that holds the model's lock.
    model, key, reason, actor
        For the ledger.
    archive
        Where its files were kept, relative to the reports' root.
    details
        Further facts for the ledger, of JSON types.
    """
    body = {**details, "archive": archive}
    entry = ledger.append(
        conn, LedgerKind.RETIREMENT, model=model, key=key, body=body, actor=actor, reason=reason
    )
    row = {"model": model, "reason": reason, "actor": actor, "archive": archive}
    conn.execute(_RECORD, {**row, "ledger_number": entry.number})
    return entry
