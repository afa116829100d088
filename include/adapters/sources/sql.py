"""Rows of one table of a database, streamed into Arrow with the types the spec declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from include.adapters.arrow_columns import to_array
from include.adapters.sources.base import Source
from include.errors import SettingsError, SourceError, SourceUnavailableError, name_some
from include.specs import DatasetSpec

BATCH_ROWS = 10_000
"""Rows held as Python objects at a time."""

_CONNECT_SECONDS = 15


class SqlTable(Source):
    """The rows of one table, read through an open connection."""

    def __init__(self, spec: DatasetSpec, connection: sa.Connection) -> None:
        super().__init__(spec)
        self._connection = connection

    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a range of days, `BATCH_ROWS` at a time; see `Source`."""
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in self.spec.columns]
        query = _bounded(self._connection, self.spec, sa.select(*columns), first, last_exclusive)
        with _database_errors(self.spec):
            streamed = self._connection.execution_options(stream_results=True).execute(query)
            for rows in streamed.partitions(BATCH_ROWS):
                batch = _to_batch(rows, self.spec, self.schema)
                _require_within(batch, self.spec, first, last_exclusive)
                yield batch

    def count_rows(self, first: date, last_exclusive: date) -> int:
        """Count the rows that `read` would yield; the same errors."""
        query = _bounded(self._connection, self.spec, sa.select(sa.func.count()), first, last_exclusive)
        with _database_errors(self.spec):
            return int(self._connection.execute(query).scalar_one())

    def describe(self, ds: date) -> dict[str, str]:
        """Name connection, table, event time and the two bounds of a day."""
        return {
            "connection": self.spec.source.connection,
            "table": self.spec.source.table,
            "event_time": self.spec.event_time,
            "first": ds.isoformat(),
            "last_exclusive": (ds + timedelta(days=1)).isoformat(),
        }

    def found_columns(self) -> dict[str, str]:
        """Return the table's columns with the database's own types."""
        schema, _, name = self.spec.source.table.rpartition(".")
        found = _found_columns(self._connection, self.spec, name, schema or None)
        return {column: str(kind) for column, kind in found.items()}


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


def _require_within(table: pa.RecordBatch, spec: DatasetSpec, first: date, last_exclusive: date) -> None:
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
def open_sql(url: str, spec: DatasetSpec) -> Iterator[SqlTable]:
    """Connect to the database of a dataset's source.

    Parameters
    ----------
    url
        SQLAlchemy address of the database.
    spec
        Names connection and table.

    Raises
    ------
    SourceUnavailableError
        Where the database does not answer.
    SettingsError
        Where the address names no database that can be reached from here.
    """
    engine = _engine(url, spec.source.connection)
    try:
        with _database_errors(spec):
            connection = engine.connect()
        with connection:
            if engine.dialect.name == "postgresql":
                with _database_errors(spec):
                    connection.execute(sa.text("SET TIME ZONE 'UTC'"))
            yield SqlTable(spec, connection)
    finally:
        engine.dispose()


@contextmanager
def _database_errors(spec: DatasetSpec) -> Iterator[None]:
    """Say which errors of a database pass by themselves and which do not."""
    where = f"connection {spec.source.connection!r}, table {spec.source.table!r}"
    try:
        yield
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
