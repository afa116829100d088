"""Who serves since when, and the decisions that led there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from include.contracts import ChampionRef, Decision

_RECORD_DECISION = text("""
    INSERT INTO perennial.decision
        (model, version, as_of, gate, decision_sha256, verdict, reasons, observed, thresholds)
    VALUES (:model, :version, :as_of, :gate, :decision_sha256, :verdict,
            CAST(:reasons AS jsonb), CAST(:observed AS jsonb), CAST(:thresholds AS jsonb))
    ON CONFLICT DO NOTHING
""")

_RECORD_PROMOTION = text("""
    INSERT INTO perennial.promotion
        (model, version, effective_from, run_id, artifact_sha256, snapshot_tag, snapshot_hash, reasons)
    VALUES (:model, :version, :effective_from, :run_id, :artifact_sha256, :snapshot_tag, :snapshot_hash,
            CAST(:reasons AS jsonb))
    ON CONFLICT DO NOTHING
""")

_SERVED = text("SELECT model, version, snapshot_tag FROM perennial.promotion")

_CHAMPION = """
    SELECT model, version, run_id, effective_from, artifact_sha256, snapshot_tag, snapshot_hash
    FROM perennial.promotion
    WHERE model = :model {condition}
    ORDER BY effective_from DESC, promotion_id DESC
    LIMIT 1
"""
_CHAMPION_AS_OF = text(_CHAMPION.format(condition="AND effective_from <= :ds"))
_CHAMPION_OF_VERSION = text(_CHAMPION.format(condition="AND version = :version"))
_CURRENT_CHAMPION = text(_CHAMPION.format(condition=""))


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
        "reasons": json.dumps(decision.reasons),
        "observed": json.dumps(decision.observed),
        "thresholds": json.dumps(decision.thresholds),
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
) -> None:
    """Record that a version serves all days from `effective_from` on; repeating changes nothing."""
    conn.execute(
        _RECORD_PROMOTION,
        {
            "model": model,
            "version": version,
            "effective_from": effective_from,
            "run_id": run_id,
            "artifact_sha256": artifact_sha256,
            "snapshot_tag": snapshot_tag,
            "snapshot_hash": snapshot_hash,
            "reasons": json.dumps(list(reasons)),
        },
    )


def champion_as_of(conn: Connection, model: str, ds: date) -> ChampionRef | None:
    """Return the version that serves day `ds`: of two that start on one day, the one recorded later."""
    return _champion(conn.execute(_CHAMPION_AS_OF, {"model": model, "ds": ds}).one_or_none())


def current_champion(conn: Connection, model: str) -> ChampionRef | None:
    """Return the version with the latest `effective_from`."""
    return _champion(conn.execute(_CURRENT_CHAMPION, {"model": model}).one_or_none())


def promoted_version(conn: Connection, model: str, version: int) -> ChampionRef | None:
    """Return the latest promotion of a given version."""
    found = conn.execute(_CHAMPION_OF_VERSION, {"model": model, "version": version})
    return _champion(found.one_or_none())


def served_snapshots(conn: Connection) -> dict[tuple[str, int], str]:
    """Return the snapshot's tag of each version that ever served, by model and version."""
    return {(row.model, row.version): row.snapshot_tag for row in conn.execute(_SERVED)}


def _champion(row: Row[Any] | None) -> ChampionRef | None:
    return None if row is None else ChampionRef.model_validate(dict(row._mapping))
