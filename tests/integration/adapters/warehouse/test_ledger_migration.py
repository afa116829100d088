"""What a warehouse held before there was a ledger becomes its first entries."""

from __future__ import annotations

from datetime import date

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from include.adapters import warehouse
from include.adapters.warehouse import ledger, migration
from include.adapters.warehouse.connection import connect_engine
from include.contracts import Decision, Verdict
from include.contracts.ledger import promotion_key
from include.settings import Settings
from include.steps import verify_ledger

pytestmark = pytest.mark.integration

PROMOTED = """
    INSERT INTO perennial.promotion
        (model, version, effective_from, run_id, artifact_sha256, snapshot_tag, snapshot_hash, reasons)
    VALUES ('churn', 1, '2017-05-01', 'r1', 'a', 't', 'h', '["first"]'),
           ('fraud', 1, '2017-05-02', 'r2', 'a', 't', 'h', '["first", "Zürich \\"best\\""]'),
           ('churn', 2, '2017-05-08', 'r3', 'a', 't', 'h', '["better"]')
"""
DECISION = Decision(
    gate="absolute.log_loss",
    verdict=Verdict.PASSED,
    reasons=["0.1 is enough"],
    observed={"log_loss": 0.1, "rows": 2800, "large": 1e16, "small": 1e-20, "share": None},
    thresholds={"log_loss": 0.7},
)


@pytest.fixture
def old(bare_settings: Settings, mlflow_uri: str) -> Settings:
    """A warehouse of before, with promotions and decisions."""
    settings = bare_settings.model_copy(update={"mlflow_tracking_uri": mlflow_uri})
    with connect_engine(settings.warehouse()).begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {migration.SCHEMA}"))
        config = Config()
        config.set_main_option("script_location", str(migration._SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with warehouse.transaction(settings) as conn:
        conn.execute(text(PROMOTED))
        for version in (1, 2):
            warehouse.record_decisions(conn, "churn", version, date(2017, 5, version), [DECISION])
    return settings


def test_the_past_is_in_the_ledger_and_verifies(old: Settings) -> None:
    warehouse.migrate(old.warehouse())
    warehouse.migrate(old.warehouse())

    check = verify_ledger.run(old, [])
    with warehouse.transaction(old) as conn:
        entries = list(ledger.entries(conn))
        champion = warehouse.current_champion(conn, "churn")
        again = warehouse.record_promotion(
            conn, "churn", 2, date(2017, 5, 8), "r3", "a", "t", "h", ["better"]
        )
    assert (check.entries, check.alterations) == (5, [])
    assert [str(entry.kind) for entry in entries] == ["decision"] * 2 + ["promotion"] * 3
    assert [entry.model for entry in entries[2:]] == ["churn", "fraud", "churn"]
    assert champion is not None
    assert champion.version == 2
    assert again == entries[4]
    assert again.key == promotion_key("churn", 2, date(2017, 5, 8))


def test_an_empty_warehouse_has_an_empty_ledger(bare_settings: Settings) -> None:
    warehouse.migrate(bare_settings.warehouse())

    with warehouse.transaction(bare_settings) as conn:
        assert list(ledger.entries(conn)) == []


def test_the_future_goes_on_after_the_past(old: Settings) -> None:
    warehouse.migrate(old.warehouse())
    with warehouse.transaction(old) as conn:
        entry = warehouse.record_promotion(
            conn, "churn", 3, date(2017, 5, 15), "r4", "a", "t", "h", ["better"], semantic_version="1.0.0"
        )
        assert warehouse.semantic_versions(conn, "churn") == {3: "1.0.0"}
    assert entry.number == 6
    assert verify_ledger.run(old, []).entries == 6
