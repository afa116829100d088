"""Reaching the warehouse: engine, transactions and advisory locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from include.errors import SettingsError, SourceUnavailableError
from include.settings import Settings

CONNECT_SECONDS = 10
_UNDEFINED = {"3F000", "42P01"}  # SQLSTATE: no such schema, no such table


def engine(settings: Settings) -> Engine:
    """Return an engine for the warehouse; it holds no connection open between uses."""
    return connect_engine(settings.warehouse())


def connect_engine(url: str) -> Engine:
    """Return an engine for a SQLAlchemy address of PostgreSQL."""
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "perennial",
        "options": "-c timezone=UTC",
    }
    # A task lives for seconds and forks: a pool would only leave connections behind.
    return create_engine(url, poolclass=NullPool, connect_args=options)


@contextmanager
def transaction(settings: Settings) -> Iterator[Connection]:
    """Open one transaction: committed at the end of the block, rolled back by any error.

    Raises
    ------
    SourceUnavailableError
        When the server does not answer or drops the connection; a retry may succeed.
    SettingsError
        When the database was never migrated.
    """
    with explained(), engine(settings).begin() as connection:
        yield connection


@contextmanager
def explained() -> Iterator[None]:
    """Turn the driver's errors into ours. Neither carries the address, which holds the password."""
    try:
        yield
    except OperationalError as error:
        raise SourceUnavailableError(
            f"the warehouse does not answer: {_first_line(error)}",
            where="warehouse",
            next_step="check that PostgreSQL runs and that the warehouse connection points at it",
        ) from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in _UNDEFINED:
            raise
        raise SettingsError(
            f"the warehouse lacks a table: {_first_line(error)}",
            where="warehouse",
            next_step="bring it to this version: `make up` does, in containers `python -m deploy.prepare`",
        ) from error


def _first_line(error: OperationalError | ProgrammingError) -> str:
    return (str(error.orig).splitlines() or ["no message"])[0]


def model_lock(conn: Connection, model: str) -> None:
    """Wait until no other transaction decides about this model; held until this one ends."""
    name_lock(conn, f"model:{model}")


def name_lock(conn: Connection, name: str) -> None:
    """Take the transaction-scoped advisory lock of a name; a killed holder lets go of it."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
