"""The ledger: append-only, numbered without a gap, each entry hashed with the one before it.

Entries join the caller's transaction. One lock for the whole ledger is held from the first `append` to
the end of that transaction: append last, and do nothing slow after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, text

from include.adapters.warehouse.connection import name_lock
from include.contracts.ledger import FIRST_PREVIOUS, LedgerEntry, LedgerKind, SealedEntry
from include.errors import FatalError

_STORED = "SELECT number, content, previous_sha256, sha256 FROM perennial.ledger "
_BY_KEY = text(_STORED + "WHERE key = :key")
_BY_NUMBER = text(_STORED + "WHERE number = :number")
_NEWEST = text(_STORED + "ORDER BY number DESC LIMIT 1")
_ALL = text(_STORED + "WHERE CAST(:model AS text) IS NULL OR model = :model ORDER BY number")
_MODELS = text("SELECT DISTINCT model FROM perennial.ledger ORDER BY model")
_CLOCK = text("""SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""")
_APPEND = text("""
    INSERT INTO perennial.ledger (content, previous_sha256, sha256)
    VALUES (:content, :previous_sha256, :sha256)
""")
_FETCH_ROWS = 500


def append(
    conn: Connection,
    kind: LedgerKind,
    *,
    model: str,
    key: str,
    body: Mapping[str, Any],
    actor: str | None,
    reason: str,
) -> LedgerEntry:
    """Add an entry; where its key is on record, that entry is returned and nothing written.

    Parameters
    ----------
    conn
        Inside a transaction; the entry is there once it commits.
    kind, model
        What is recorded, and about which model.
    key
        What makes two entries the same.
    body
        The facts, of JSON types.
    actor
        The person who did it, None where nobody did.
    reason
        Why.

    Raises
    ------
    FatalError
        When a text holds the character NUL, which PostgreSQL cannot store.
    """
    name_lock(conn, "ledger")
    if (found := find(conn, key)) is not None:
        return found
    newest = newest_entry(conn)
    entry = LedgerEntry(
        number=1 if newest is None else newest[0].number + 1,
        kind=kind, model=model, key=key, actor=actor, reason=reason,
        recorded_at=conn.execute(_CLOCK).scalar_one(), body=dict(body),
    )  # fmt: skip
    sealed = SealedEntry.seal(entry, FIRST_PREVIOUS if newest is None else newest[1])
    _refuse_unstorable(sealed, key)
    conn.execute(_APPEND, sealed.model_dump())
    return sealed.open()


def find(conn: Connection, key: str) -> LedgerEntry | None:
    """Return the entry of a key, if there is one."""
    row = conn.execute(_BY_KEY, {"key": key}).one_or_none()
    return None if row is None else _sealed(row).open()


def read(conn: Connection, number: int) -> LedgerEntry:
    """Return the entry of a number, which must be there."""
    return _sealed(conn.execute(_BY_NUMBER, {"number": number}).one()).open()


def entries(conn: Connection, model: str | None = None) -> Iterator[LedgerEntry]:
    """Yield the entries in the order of their numbers, of one model or of all."""
    return (sealed.open() for sealed in sealed_entries(conn, model))


def sealed_entries(conn: Connection, model: str | None = None) -> Iterator[SealedEntry]:
    """Yield the entries as they are stored, a few at a time."""
    # Options of the connection itself would stay with it.
    streamed = conn.execute(_ALL, {"model": model}, execution_options={"yield_per": _FETCH_ROWS})
    for row in streamed:
        yield _sealed(row)


def models(conn: Connection) -> list[str]:
    """Return the models that entries are about, in order."""
    return list(conn.execute(_MODELS).scalars())


def newest_entry(conn: Connection) -> tuple[LedgerEntry, str] | None:
    """Return the last entry and its hash; None while the ledger is empty."""
    row = conn.execute(_NEWEST).one_or_none()
    return None if row is None else (_sealed(row).open(), str(row.sha256))


def _sealed(row: Row[Any]) -> SealedEntry:
    return SealedEntry(content=row.content, previous_sha256=row.previous_sha256, sha256=row.sha256)


def _refuse_unstorable(sealed: SealedEntry, key: str) -> None:
    if "\\u0000" in sealed.content:
        raise FatalError(
            "a text holds the character NUL, which cannot be stored",
            where=f"ledger entry {key}",
            next_step="write the reason again without it",
        )
