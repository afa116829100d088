"""Brings the warehouse's tables to the newest version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from include.adapters.warehouse.connection import connect_engine, explained, name_lock

SCHEMA = "perennial"
SEARCHES = "perennial_search"
"""The schema of the searches for parameters; their library makes its tables in it."""

_SCRIPTS = Path(__file__).parents[2] / "migrations"


def migrate(url: str) -> None:
    """Apply every migration that is missing, in one transaction; harmless to repeat.

    Two processes may call it at once: the second waits and finds nothing left to do.

    Parameters
    ----------
    url
        SQLAlchemy address of the warehouse, with its password.

    Raises
    ------
    SourceUnavailableError
        When the server does not answer.
    """
    # Here and not above: every task that uses the warehouse loads this package, and none migrates.
    from alembic import command
    from alembic.config import Config

    with explained(), connect_engine(url).begin() as connection:
        name_lock(connection, "migrate")
        for schema in (SCHEMA, SEARCHES):
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
