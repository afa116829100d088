"""How databases are approached: with patience for a slow answer, in UTC, and never to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from include.errors import SettingsError

CONNECT_SECONDS = 15
_CONNECT_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8"},
    "mysql": {"connect_timeout": CONNECT_SECONDS},
    "mariadb": {"connect_timeout": CONNECT_SECONDS},
}
# Said at the start of each transaction: moments are UTC, numbers keep all digits, nothing is written.
MANNERS = {
    "postgresql": ("SET LOCAL TIME ZONE 'UTC'", "SET LOCAL extra_float_digits = 3"),
    "mysql": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
    "mariadb": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
    "sqlite": ("PRAGMA query_only = ON",),
}


def make_engine(url: str, connection: str) -> sa.Engine:
    """Make the engine of a source; nothing is connected yet.

    Parameters
    ----------
    url
        SQLAlchemy address; its own options come before ours.
    connection
        The connection's name, for messages.

    Raises
    ------
    SettingsError
        Where the address names no database that can be opened from here.
    """
    try:
        address = sa.make_url(url)
        kind = address.get_backend_name()
        defaults = _CONNECT_OPTIONS.get(kind, {})
        options = {name: value for name, value in defaults.items() if name not in address.query}
        engine = sa.create_engine(address, connect_args=options, poolclass=sa.pool.NullPool)
    except (sa.exc.ArgumentError, ImportError):
        # Without its cause: the text of an address that cannot be parsed may hold the password.
        raise SettingsError(
            f"the address of connection {connection!r} is not one SQLAlchemy can open here",
            where="Airflow connections",
            next_step="write it as dialect+driver://user:password@host:port/database, by an installed driver",
        ) from None
    if kind == "postgresql":  # one snapshot for all that a transaction reads, and nothing written
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine
