"""Who serves since when, and the decisions that led there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from include.adapters.warehouse import ledger
from include.contracts import ChampionRef, Contract, Decision
from include.contracts.canonical import canonical_json
from include.contracts.ledger import LedgerEntry, LedgerKind, promotion_key

_RECORD_DECISION = text("""
    INSERT INTO perennial.decision
        (model, version, as_of, gate, decision_sha256, verdict, reasons, observed, thresholds)
    VALUES (:model, :version, :as_of, :gate, :decision_sha256, :verdict,
            CAST(:reasons AS jsonb), CAST(:observed AS jsonb), CAST(:thresholds AS jsonb))
    ON CONFLICT DO NOTHING
""")

_RECORD_PROMOTION = text("""
    INSERT INTO perennial.promotion
        (model, version, effective_from, run_id, artifact_sha256, snapshot_tag, snapshot_hash, reasons,
         kind, semantic_version, ledger_number)
    VALUES (:model, :version, :effective_from, :run_id, :artifact_sha256, :snapshot_tag, :snapshot_hash,
            CAST(:reasons AS jsonb), :kind, :semantic_version, :ledger_number)
    ON CONFLICT (ledger_number) DO NOTHING
""")

_SERVED = text("SELECT model, version, snapshot_tag FROM perennial.promotion")

_CHAMPION = """
    SELECT model, version, run_id, effective_from, artifact_sha256, snapshot_tag, snapshot_hash
    FROM perennial.promotion
    WHERE model = :model {condition}
    ORDER BY promotion_id DESC
    LIMIT 1
"""
_CHAMPION_AS_OF = text(_CHAMPION.format(condition="AND effective_from <= :ds"))
_CHAMPION_OF_VERSION = text(_CHAMPION.format(condition="AND version = :version"))
_CURRENT_CHAMPION = text(_CHAMPION.format(condition=""))
_PREVIOUS_CHAMPION = text("""
    WITH newest AS (SELECT version FROM perennial.promotion WHERE model = :model
                    ORDER BY promotion_id DESC LIMIT 1)
    SELECT model, version, run_id, effective_from, artifact_sha256, snapshot_tag, snapshot_hash
    FROM perennial.promotion
    WHERE model = :model AND version <> (SELECT version FROM newest)
    ORDER BY promotion_id DESC
    LIMIT 1
""")
_SEAL = text("""
    SELECT promotion.version, semantic_version, ledger_number, sha256
    FROM perennial.promotion JOIN perennial.ledger ON ledger_number = number
    WHERE promotion.model = :model
    ORDER BY promotion_id DESC
    LIMIT 1
""")
_FIRST_PROMOTIONS = text("""
    SELECT DISTINCT ON (version)
           model, version, run_id, effective_from, artifact_sha256, snapshot_tag, snapshot_hash
    FROM perennial.promotion WHERE model = :model
    ORDER BY version, promotion_id
""")
_PROMOTION_ENTRY = text("""
    SELECT ledger_number FROM perennial.promotion WHERE model = :model AND version = :version
    ORDER BY promotion_id DESC
    LIMIT 1
""")
_LEDGERED = text("""
    SELECT ledger_number, model, version, effective_from, run_id, artifact_sha256, snapshot_tag,
           snapshot_hash, reasons, kind, semantic_version
    FROM perennial.promotion
""")
_DECIDED = text("""
    SELECT decision_id, gate, verdict, reasons, observed, thresholds FROM perennial.decision
    WHERE model = :model AND version = :version AND as_of = :as_of
""")
_ALL_DECISIONS = text("SELECT decision_id, model, version, gate FROM perennial.decision")
_SEMANTIC_VERSIONS = text("""
    SELECT DISTINCT ON (version) version, semantic_version FROM perennial.promotion
    WHERE model = :model AND semantic_version IS NOT NULL
    ORDER BY version, promotion_id
""")


class Seal(Contract):
    """A version that serves, and the ledger's entry that says so."""

    version: int
    semantic_version: str | None
    ledger_number: int
    sha256: str


def record_decisions(
    conn: Connection, model: str, version: int, as_of: date, decisions: Sequence[Decision]
) -> None:
    """Append decisions about a model version.

    The same decision is recorded once; judging again with another outcome adds to the record.
    """
    rows = [_decision_row(model, version, as_of, decision) for decision in decisions]
    if rows:
        conn.execute(_RECORD_DECISION, rows)


def _decision_row(model: str, version: int, as_of: date, decision: Decision) -> dict[str, Any]:
    content = json.dumps(decision.to_json(), sort_keys=True)
    return {
        "model": model,
        "version": version,
        "as_of": as_of,
        "gate": decision.gate,
        "decision_sha256": hashlib.sha256(content.encode()).hexdigest(),
        "verdict": decision.verdict.value,
        "reasons": canonical_json(decision.reasons),
        "observed": canonical_json(decision.observed),
        "thresholds": canonical_json(decision.thresholds),
    }


def record_promotion(
    conn: Connection,
    model: str,
    version: int,
    effective_from: date,
    run_id: str,
    artifact_sha256: str,
    snapshot_tag: str,
    snapshot_hash: str,
    reasons: Sequence[str],
    *,
    kind: LedgerKind = LedgerKind.PROMOTION,
    key: str | None = None,
    actor: str | None = None,
    semantic_version: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> LedgerEntry:
    """Record that a version serves all days from `effective_from` on, in the ledger too.

    Repeating changes nothing. The ledger's lock is held until the transaction ends: call it last.

    Parameters
    ----------
    conn
        Inside a transaction that holds the model's lock.
    model, version, effective_from, run_id, artifact_sha256, snapshot_tag, snapshot_hash
        Which version, and since which day.
    reasons
        Why.
    kind
        Promotion or rollback.
    key
        The ledger's key; a promotion's where it is not given.
    actor
        The person who agreed or did it.
    semantic_version
        What the version is called outside.
    details
        Further facts for the ledger, of JSON types.
    """
    row = {
        "version": version,
        "effective_from": effective_from.isoformat(),
        "run_id": run_id,
        "artifact_sha256": artifact_sha256,
        "snapshot_tag": snapshot_tag,
        "snapshot_hash": snapshot_hash,
        "reasons": list(reasons),
        "semantic_version": semantic_version,
    }
    entry = ledger.append(
        conn, kind, model=model, key=key or promotion_key(model, version, effective_from),
        body={**(details or {}), **row}, actor=actor, reason="; ".join(reasons),
    )  # fmt: skip
    stored = {"reasons": json.dumps(list(reasons)), "kind": str(kind), "ledger_number": entry.number}
    conn.execute(_RECORD_PROMOTION, {**row, "model": model, **stored})
    return entry


def champion_as_of(conn: Connection, model: str, ds: date) -> ChampionRef | None:
    """Return the version that serves day `ds`: of those that start up to it, the one recorded last."""
    return _champion(conn.execute(_CHAMPION_AS_OF, {"model": model, "ds": ds}).one_or_none())


def current_champion(conn: Connection, model: str) -> ChampionRef | None:
    """Return the version that was promoted, or rolled back to, last."""
    return _champion(conn.execute(_CURRENT_CHAMPION, {"model": model}).one_or_none())


def previous_champion(conn: Connection, model: str) -> ChampionRef | None:
    """Return the version that served before the current one, with its own latest promotion."""
    return _champion(conn.execute(_PREVIOUS_CHAMPION, {"model": model}).one_or_none())


def champion_seal(conn: Connection, model: str) -> Seal | None:
    """Return how the ledger recorded that the current champion serves."""
    row = conn.execute(_SEAL, {"model": model}).one_or_none()
    return None if row is None else Seal.model_validate(dict(row._mapping))


def promotion_rows(conn: Connection) -> dict[int, dict[str, Any]]:
    """Return what stands in the table of promotions, of JSON types, by the number of its ledger entry."""
    rows = {row.ledger_number: dict(row._mapping) for row in conn.execute(_LEDGERED)}
    for number, row in rows.items():
        del row["ledger_number"]
        rows[number] = {**row, "effective_from": row["effective_from"].isoformat()}
    return rows


def decisions_on(conn: Connection, model: str, version: int, as_of: date) -> dict[int, Decision]:
    """Return the recorded decisions about a model version, by their ids."""
    found = conn.execute(_DECIDED, {"model": model, "version": version, "as_of": as_of})
    return {
        row.decision_id: Decision.model_validate(
            {name: value for name, value in row._mapping.items() if name != "decision_id"}
        )
        for row in found
    }


def decision_ids(conn: Connection) -> dict[int, str]:
    """Return what each recorded decision is about, in words, by its id."""
    return {
        row.decision_id: f"{row.model} version {row.version}, gate {row.gate}"
        for row in conn.execute(_ALL_DECISIONS)
    }


def semantic_versions(conn: Connection, model: str) -> dict[int, str]:
    """Return what the versions that ever served are called outside; those of before have no such name."""
    found = conn.execute(_SEMANTIC_VERSIONS, {"model": model})
    return {row.version: row.semantic_version for row in found}


def promoted_version(conn: Connection, model: str, version: int) -> ChampionRef | None:
    """Return the latest promotion of a given version."""
    found = conn.execute(_CHAMPION_OF_VERSION, {"model": model, "version": version})
    return _champion(found.one_or_none())


def first_promotions(conn: Connection, model: str) -> dict[int, ChampionRef]:
    """Return the first promotion of each version that ever served, by version."""
    rows = conn.execute(_FIRST_PROMOTIONS, {"model": model})
    return {row.version: ChampionRef.model_validate(dict(row._mapping)) for row in rows}


def promotion_entry(conn: Connection, model: str, version: int) -> int:
    """Return the number of the ledger's entry by which a version, which did serve, served last."""
    found = conn.execute(_PROMOTION_ENTRY, {"model": model, "version": version})
    return int(found.scalar_one())


def served_snapshots(conn: Connection) -> dict[tuple[str, int], str]:
    """Return the snapshot's tag of each version that ever served, by model and version."""
    return {(row.model, row.version): row.snapshot_tag for row in conn.execute(_SERVED)}


def _champion(row: Row[Any] | None) -> ChampionRef | None:
    return None if row is None else ChampionRef.model_validate(dict(row._mapping))
