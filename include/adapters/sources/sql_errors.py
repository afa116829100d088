"""Which errors of a database pass by themselves and which do not."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from include.adapters.sources.sql_statements import source_of
from include.errors import SourceError, SourceUnavailableError
from include.specs import DatasetSpec

# MariaDB's driver calls these operational too, though no retry mends them: access to a database, table,
# column or routine denied; unknown database, column, table.
_MYSQL_REFUSALS = {1044, 1049, 1054, 1142, 1143, 1146, 1227, 1370}
_LONGEST_KEY = 80
_NOT_UTF8 = re.compile(r"Could not decode to UTF-8 column '(?P<column>.*?)' with text")


@contextmanager
def database_errors(spec: DatasetSpec) -> Iterator[None]:
    """Turn what a driver raises in the block into errors that say what to do.

    Raises
    ------
    SourceUnavailableError
        Where the database does not answer, or stopped answering midway.
    SourceError
        Where it refuses the query, or holds what cannot be read.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if undecodable := _NOT_UTF8.search(str(error.orig)):
            raise _not_utf8(spec, undecodable["column"]) from error
        passes = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        if passes and not _is_refusal(error.orig):
            raise unavailable(spec, error.orig) from error
        raise refused(spec, error.orig) from error


def unavailable(spec: DatasetSpec, error: BaseException | None) -> SourceUnavailableError:
    """Return the error for a database that does not answer."""
    return SourceUnavailableError(
        f"the database does not answer: {_reason(error)}",
        where=where(spec),
        next_step="a retry follows; if it stays so, check that the server runs and who may connect",
    )


def refused(spec: DatasetSpec, error: BaseException | None) -> SourceError:
    """Return the error for a query that the database answers with a refusal."""
    return SourceError(
        f"the database refuses the query: {_reason(error)}",
        where=where(spec),
        next_step=f"check {source_of(spec).title} and this connection's right to read it",
    )


def where(spec: DatasetSpec) -> str:
    """Name connection and table for a message."""
    return f"connection {source_of(spec).connection!r}, {source_of(spec).title}"


@contextmanager
def misfits_named(spec: DatasetSpec, columns: Mapping[str, Sequence[Any] | pa.Array]) -> Iterator[None]:
    """Say of which table, and by its key of which row, a value is that does not fit.

    Parameters
    ----------
    spec
        Names table and key.
    columns
        The rows that are converted in the block, as the database gave them.

    Raises
    ------
    SourceError
        The one of the block, with its place.
    """
    try:
        yield
    except SourceError as error:
        row = _key(spec, columns, error.facts.get("position"))
        raise SourceError(
            error.what, where=f"{where(spec)}{row}", next_step=error.next_step, **error.facts
        ) from None


def _key(spec: DatasetSpec, columns: Mapping[str, Sequence[Any] | pa.Array], position: int | None) -> str:
    if position is None or not columns.keys() >= set(spec.key):
        return ""
    values = {name: columns[name][position] for name in spec.key}
    plain = {name: v.as_py() if isinstance(v, pa.Scalar) else v for name, v in values.items()}
    return ", row with " + ", ".join(f"{name} {ascii(value)[:_LONGEST_KEY]}" for name, value in plain.items())


def _is_refusal(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.OperationalError):  # its word for every mistake in a query
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR
    code = error.args[0] if error is not None and error.args else None
    return type(error).__module__.startswith("pymysql") and code in _MYSQL_REFUSALS


def _not_utf8(spec: DatasetSpec, column: str) -> SourceError:
    return SourceError(
        f"column {column!r} holds text that is not UTF-8",
        where=where(spec),
        next_step=f"mend the rows in the source, or offer {column!r} decoded through a view",
        column=column,
    )


def _reason(error: BaseException | None) -> str:
    """Return the driver's own words, on one line, without the statement and its parameters."""
    return " ".join(str(error).split())
