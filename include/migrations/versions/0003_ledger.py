"""The ledger, rollbacks and retirements; promotions and decisions on record so far become entries."""

import hashlib
import json
from datetime import UTC
from typing import Any

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What can be read from the content is generated from it, so that it can say nothing else.
_LEDGER = """
CREATE TABLE perennial.ledger (
    number          bigint GENERATED ALWAYS AS (((content::jsonb) ->> 'number')::bigint) STORED PRIMARY KEY,
    kind            text NOT NULL GENERATED ALWAYS AS ((content::jsonb) ->> 'kind') STORED,
    model           text NOT NULL GENERATED ALWAYS AS ((content::jsonb) ->> 'model') STORED,
    key             text NOT NULL GENERATED ALWAYS AS ((content::jsonb) ->> 'key') STORED UNIQUE,
    actor           text GENERATED ALWAYS AS ((content::jsonb) ->> 'actor') STORED,
    reason          text NOT NULL GENERATED ALWAYS AS ((content::jsonb) ->> 'reason') STORED,
    recorded_at     text NOT NULL GENERATED ALWAYS AS ((content::jsonb) ->> 'recorded_at') STORED,
    content         text NOT NULL,
    previous_sha256 text NOT NULL UNIQUE,
    sha256          text NOT NULL UNIQUE
);
CREATE INDEX ledger_model ON perennial.ledger (model, number);
COMMENT ON COLUMN perennial.ledger.content IS 'canonical JSON; the columns before it come from it';
COMMENT ON COLUMN perennial.ledger.sha256 IS 'SHA-256 over previous_sha256, a line feed and content';

CREATE FUNCTION perennial.refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON perennial.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION perennial.refuse_ledger_change();
"""

_PROMOTIONS = """
ALTER TABLE perennial.promotion
    DROP CONSTRAINT promotion_model_version_effective_from_key,
    ADD COLUMN kind text NOT NULL DEFAULT 'promotion' CHECK (kind IN ('promotion', 'rollback')),
    ADD COLUMN semantic_version text,
    ADD COLUMN ledger_number bigint UNIQUE REFERENCES perennial.ledger (number);
DROP INDEX perennial.promotion_champion;
CREATE INDEX promotion_champion ON perennial.promotion (model, promotion_id DESC);
COMMENT ON TABLE perennial.promotion IS
    'who serves day D: of a model''s rows with effective_from <= D the one recorded last';
"""

_RETIREMENTS = """
CREATE TABLE perennial.retirement (
    retirement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model         text NOT NULL,
    reason        text NOT NULL,
    actor         text,
    archive       text NOT NULL,
    ledger_number bigint NOT NULL UNIQUE REFERENCES perennial.ledger (number),
    recorded_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE perennial.retirement IS
    'a model is retired while its newest row here has a greater ledger_number than its newest promotion';
"""

_OLD_PROMOTIONS = text("SELECT * FROM perennial.promotion ORDER BY promotion_id")
_OLD_DECISIONS = text("""
    SELECT model, version, as_of, min(recorded_at) AS recorded_at,
           jsonb_agg(jsonb_build_object('gate', gate, 'verdict', verdict, 'reasons', reasons,
                     'observed', observed, 'thresholds', thresholds) ORDER BY decision_id) AS decisions
    FROM perennial.decision GROUP BY model, version, as_of ORDER BY min(decision_id)
""")
_APPEND = text("""
    INSERT INTO perennial.ledger (content, previous_sha256, sha256)
    VALUES (:content, :previous_sha256, :sha256)
""")
_NUMBER = text("UPDATE perennial.promotion SET ledger_number = :number WHERE promotion_id = :promotion_id")
_EVERY_PROMOTION_NUMBERED = "ALTER TABLE perennial.promotion ALTER COLUMN ledger_number SET NOT NULL"
_REASON = "on record before there was a ledger"


def upgrade() -> None:
    """Create them, and write down in the ledger what the tables hold."""
    op.execute(_LEDGER)
    op.execute(_PROMOTIONS)
    op.execute(_RETIREMENTS)
    _record_the_past()
    op.execute(_EVERY_PROMOTION_NUMBERED)


def _record_the_past() -> None:
    conn = op.get_bind()
    chain = [_decided(row) for row in conn.execute(_OLD_DECISIONS)]
    promotions = list(conn.execute(_OLD_PROMOTIONS))
    chain += [_promoted(row) for row in promotions]
    previous = "0" * 64
    for number, entry in enumerate(chain, start=1):
        content = _canonical({"number": number, "actor": None, "reason": _REASON, **entry})
        sha256 = hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()
        conn.execute(_APPEND, {"content": content, "previous_sha256": previous, "sha256": sha256})
        previous = sha256
    for number, row in enumerate(promotions, start=len(chain) - len(promotions) + 1):
        conn.execute(_NUMBER, {"number": number, "promotion_id": row.promotion_id})


def _decided(row: Any) -> dict[str, Any]:
    return {
        "kind": "decision",
        "model": row.model,
        "key": f"decision:{row.model}:{row.version}:{row.as_of}:before the ledger",
        "recorded_at": _moment(row),
        "body": {"version": row.version, "as_of": str(row.as_of), "decisions": row.decisions},
    }


def _promoted(row: Any) -> dict[str, Any]:
    facts = ("version", "run_id", "artifact_sha256", "snapshot_tag", "snapshot_hash", "reasons")
    body = {name: getattr(row, name) for name in facts}
    return {
        "kind": "promotion",
        "model": row.model,
        "key": f"promotion:{row.model}:{row.version}:{row.effective_from}",
        "recorded_at": _moment(row),
        "body": {**body, "effective_from": str(row.effective_from), "semantic_version": None},
    }


def _moment(row: Any) -> str:
    return str(row.recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def downgrade() -> None:
    """Refuse: the record of who agreed to what is never a migration's to drop."""
    raise NotImplementedError("this migration is not undone: it would drop the ledger")
