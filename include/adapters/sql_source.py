"""Rows of one table of a source database, streamed into Arrow with the types the spec declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from include.adapters.arrow_columns import arrow_schema, to_array
from include.errors import SettingsError, SourceError, SourceUnavailableError, name_some
from include.specs import DatasetSpec

BATCH_ROWS = 10_000
"""Rows held as Python objects at a time."""

_CONNECT_SECONDS = 15


def read_rows(url: str, spec: DatasetSpec, first: date, last_exclusive: date) -> pa.Table:
    """Read the rows whose event time lies in a range of UTC days.

    Parameters
    ----------
    url
        SQLAlchemy address of the database.
    spec
        Names table, columns and event time.
    first, last_exclusive
        First day, and the day after the last.

    Returns
    -------
    pyarrow.Table
        The spec's columns with their declared types, in no particular order of rows.

    Raises
    ------
    SourceError
        Where table or columns are missing, or a value does not fit its declared type.
    SourceUnavailableError
        Where the database does not answer.
    SettingsError
        Where the address names no database that can be reached from here.
    """
    with _connected(url, spec) as connection:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in spec.columns]
        query = _bounded(connection, spec, sa.select(*columns), first, last_exclusive)
        batches = connection.execution_options(stream_results=True).execute(query).partitions(BATCH_ROWS)
        schema = arrow_schema(spec.columns)
        table = pa.Table.from_batches([_to_batch(rows, spec, schema) for rows in batches], schema)
    _require_within(table, spec, first, last_exclusive)
    return table


def count_rows(url: str, spec: DatasetSpec, first: date, last_exclusive: date) -> int:
    """Count the rows that `read_rows` would return; the same errors."""
    with _connected(url, spec) as connection:
        query = _bounded(connection, spec, sa.select(sa.func.count()), first, last_exclusive)
        return int(connection.execute(query).scalar_one())


def _bounded(
    connection: sa.Connection, spec: DatasetSpec, query: sa.Select[Any], first: date, last_exclusive: date
) -> sa.Select[Any]:
    schema, _, name = spec.source.table.rpartition(".")
    found = _found_columns(connection, spec, name, schema or None)
    moment: sa.ColumnClause[Any] = sa.column(spec.event_time)
    low, high = (_bound(connection, spec, found[spec.event_time], day) for day in (first, last_exclusive))
    return query.select_from(sa.table(name, schema=schema or None)).where(moment >= low, moment < high)


def _found_columns(
    connection: sa.Connection, spec: DatasetSpec, name: str, schema: str | None
) -> dict[str, sa.types.TypeEngine[Any]]:
    """Look up the table's columns, so that a missing one is named before anything is read."""
    inspector = sa.inspect(connection)
    try:
        found = {column["name"]: column["type"] for column in inspector.get_columns(name, schema)}
    except sa.exc.NoSuchTableError:
        there = sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
        raise SourceError(
            f"there is no table {spec.source.table!r}; there are: {name_some(there) or 'none'}",
            where=f"connection {spec.source.connection!r}",
            next_step=f"correct source.table of dataset {spec.dataset!r}, or create the table",
            table=spec.source.table,
        ) from None
    if missing := [column for column in spec.columns if column not in found]:
        raise SourceError(
            f"table {spec.source.table!r} has no column {name_some(missing)}; it has: {name_some(found)}",
            where=f"connection {spec.source.connection!r}",
            next_step=f"correct the columns of dataset {spec.dataset!r}, or add them to the table",
            table=spec.source.table,
            missing=missing,
        )
    return found


def _bound(
    connection: sa.Connection, spec: DatasetSpec, kind: sa.types.TypeEngine[Any], day: date
) -> sa.ColumnElement[Any]:
    """Express a day's first instant in the type that the event-time column has in the database."""
    if connection.dialect.name == "sqlite":  # dates are ISO text there, and sort as such
        return sa.literal(day.isoformat(), sa.String())
    if isinstance(kind, sa.Date):
        return sa.literal(day, sa.Date())
    if isinstance(kind, sa.DateTime):
        zone = UTC if kind.timezone else None
        return sa.literal(datetime.combine(day, time(), tzinfo=zone), sa.DateTime(timezone=kind.timezone))
    raise SourceError(
        f"event_time {spec.event_time!r} is {kind} in the database, not a date or a timestamp",
        where=f"table {spec.source.table!r}",
        next_step="name a date or timestamp column as event_time, or offer one through a view",
    )


def _require_within(table: pa.Table, spec: DatasetSpec, first: date, last_exclusive: date) -> None:
    """Refuse rows of another UTC day, which a database finds that compares text with a zone as text."""
    days = pc.cast(table[spec.event_time], pa.date32())
    outside = pc.or_(pc.less(days, pa.scalar(first)), pc.greater_equal(days, pa.scalar(last_exclusive)))
    strays = table[spec.event_time].filter(outside)
    if not len(strays):
        return
    raise SourceError(
        f"{len(strays)} rows belong to another UTC day, such as {strays[0].as_py().isoformat()}",
        where=f"{spec.event_time!r} of table {spec.source.table!r}, {first} up to {last_exclusive}",
        next_step="store the event time in UTC, or offer it so through a view",
    )


def _to_batch(rows: Any, spec: DatasetSpec, schema: pa.Schema) -> pa.RecordBatch:
    values = zip(*rows, strict=True)
    arrays = [to_array(name, kind, v) for (name, kind), v in zip(spec.columns.items(), values, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


@contextmanager
def _connected(url: str, spec: DatasetSpec) -> Iterator[sa.Connection]:
    where = f"connection {spec.source.connection!r}, table {spec.source.table!r}"
    engine = _engine(url, spec.source.connection)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SET TIME ZONE 'UTC'"))
            yield connection
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        raise SourceUnavailableError(
            f"the database does not answer: {_reason(error)}",
            where=where,
            next_step="a retry follows; if it stays so, check that the server runs and who may connect",
        ) from error
    except sa.exc.DBAPIError as error:
        raise SourceError(
            f"the database refuses the query: {_reason(error)}",
            where=where,
            next_step="check the table and this connection's right to read it",
        ) from error
    finally:
        engine.dispose()


def _engine(url: str, connection: str) -> sa.Engine:
    try:
        address = sa.make_url(url)
        waits = {"connect_timeout": _CONNECT_SECONDS} if address.get_backend_name() == "postgresql" else {}
        return sa.create_engine(address, connect_args=waits, poolclass=sa.pool.NullPool)
    except (sa.exc.ArgumentError, ImportError):
        # Without its cause: the text of an address that cannot be parsed may hold the password.
        raise SettingsError(
            f"the address of connection {connection!r} is not one SQLAlchemy can open here",
            where="Airflow connections",
            next_step="write it as dialect+driver://user:password@host:port/database, by an installed driver",
        ) from None


def _reason(error: sa.exc.DBAPIError) -> str:
    """Return the driver's own words, on one line, without the statement and its parameters."""
    return " ".join(str(error.orig).split())
