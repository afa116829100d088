"""Migrations on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from include.adapters import warehouse
from include.adapters.warehouse import migration
from include.adapters.warehouse.connection import connect_engine
from include.errors import SettingsError, SourceUnavailableError
from include.settings import Settings

pytestmark = pytest.mark.integration

TABLES = {
    "alembic_version",
    "decision",
    "drift_feature",
    "drift_week",
    "ledger",
    "prediction",
    "promotion",
    "publication",
    "retirement",
    "retrain_request",
}


def tables(url: str) -> set[str]:
    with connect_engine(url).connect() as connection:
        return set(inspect(connection).get_table_names(schema="perennial"))


def test_migrate_creates_every_table_and_may_be_repeated(database_url: str) -> None:
    warehouse.migrate(database_url)
    warehouse.migrate(database_url)

    assert tables(database_url) == TABLES


def test_two_processes_may_migrate_at_once(database_url: str) -> None:
    code = "import sys; from include.adapters import warehouse; warehouse.migrate(sys.argv[1])"
    command = [sys.executable, "-c", code, database_url]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]

    errors = [process.communicate(timeout=120)[1] for process in running]

    assert [process.returncode for process in running] == [0, 0, 0], errors
    assert tables(database_url) == TABLES


def migrate_to(url: str, revision: str) -> None:
    """Leave a warehouse as an older version of the project left it."""
    with connect_engine(url).begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {migration.SCHEMA}"))
        config = Config()
        config.set_main_option("script_location", str(migration._SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


PUBLISHED = """
    INSERT INTO perennial.publication
    VALUES ('churn', '2017-05-03', 1, 2, 'old', 3, 't', 'h', 'p', 'run', now(), false),
           ('churn', '2017-05-03', 2, 2, 'new', 4, 't', 'h', 'p', 'run', now(), true);
    INSERT INTO perennial.prediction
    VALUES ('churn', '2017-05-03', 1, 'a', 0.1, 0, 3, 't', 'h'),
           ('churn', '2017-05-03', 1, 'b', 0.2, 0, 3, 't', 'h'),
           ('churn', '2017-05-03', 2, 'a', 0.3, 0, 4, 't', 'h'),
           ('churn', '2017-05-03', 2, 'b', 0.75, 1, 4, 't', 'h');
"""


def test_predictions_of_the_first_version_survive_the_upgrade(bare_settings: Settings) -> None:
    url = bare_settings.warehouse()
    migrate_to(url, "0001")
    with warehouse.transaction(bare_settings) as conn:
        conn.execute(text(PUBLISHED))
        was = conn.execute(text("SELECT * FROM perennial.prediction ORDER BY revision, entity_key")).all()

    warehouse.migrate(url)

    shown = text("""
        SELECT entity_key, score, prediction, predicted_class, class_scores, model_version, published_at
        FROM perennial.current_prediction ORDER BY entity_key
    """)
    with warehouse.transaction(bare_settings) as conn:
        now = conn.execute(text("SELECT * FROM perennial.prediction ORDER BY revision, entity_key")).all()
        current = conn.execute(shown).all()
    assert [tuple(row) for row in now] == [(*row, None, None) for row in was]
    assert [tuple(row)[:-1] for row in current] == [
        ("a", 0.3, 0, None, None, 4),
        ("b", 0.75, 1, None, None, 4),
    ]
    assert all(row.published_at is not None for row in current)


def test_an_unmigrated_warehouse_is_named(bare_settings: Settings) -> None:
    with (
        pytest.raises(SettingsError, match="lacks a table"),
        warehouse.transaction(bare_settings) as conn,
    ):
        warehouse.current_champion(conn, "churn")


def test_a_silent_server_is_retryable_and_its_password_stays_unsaid() -> None:
    url = "postgresql+psycopg://someone:secret-word@127.0.0.1:1/warehouse"

    with pytest.raises(SourceUnavailableError) as caught:
        warehouse.migrate(url)

    assert "secret-word" not in str(caught.value)


class StopError(Exception):
    """Raised half-way."""


def insert_and_stop(settings: Settings) -> None:
    with warehouse.transaction(settings) as conn:
        conn.execute(text("INSERT INTO perennial.retrain_request VALUES ('m', '2017-05-08', 'drift', 'r')"))
        raise StopError


def test_an_error_rolls_the_transaction_back(warehouse_settings: Settings) -> None:
    with pytest.raises(StopError):
        insert_and_stop(warehouse_settings)

    with warehouse.transaction(warehouse_settings) as conn:
        assert conn.execute(text("SELECT count(*) FROM perennial.retrain_request")).scalar_one() == 0
