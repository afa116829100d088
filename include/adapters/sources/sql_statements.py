"""The SELECTs by which a database is read, built from parts and never from text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from include.errors import SourceError
from include.specs import DatasetSpec
from include.specs.sql_source import DAY, FIRST, LAST_EXCLUSIVE, SqlSource


def source_of(spec: DatasetSpec) -> SqlSource:
    """Return the part of the spec that describes a database; only such datasets come here."""
    if not isinstance(spec.source, SqlSource):
        raise TypeError(f"dataset {spec.dataset} is read from {spec.source.kind}, not from a database")
    return spec.source


def relation(spec: DatasetSpec, first: date, last_exclusive: date) -> sa.FromClause:
    """Return the table, or the query as a subquery with its days bound; `:ds` is `first`."""
    source = source_of(spec)
    if source.table:
        schema, _, name = source.table.rpartition(".")
        return sa.table(name, schema=schema or None)
    days = {FIRST: first, LAST_EXCLUSIVE: last_exclusive, DAY: first}
    # The line break ends a comment in the last line.
    query = sa.text(f"{source.query}\n").bindparams(
        *(sa.bindparam(name, days[name], sa.Date()) for name in sorted(source.parameters))
    )
    return query.columns().subquery("source_rows")


def within(
    connection: sa.Connection,
    spec: DatasetSpec,
    kind: sa.types.TypeEngine[Any],
    first: date,
    last_exclusive: date | None,
) -> sa.ColumnElement[bool]:
    """Say that the event time lies in a range of UTC days; without a last one the range is open.

    Raises
    ------
    SourceError
        Where the event time is no date or timestamp in the database.
    """
    moment: sa.ColumnClause[Any] = sa.column(spec.event_time)
    low = moment >= _bound(connection, spec, kind, first)
    if last_exclusive is None:
        return low
    return sa.and_(low, moment < _bound(connection, spec, kind, last_exclusive))


def next_day(day: date) -> date:
    """Return the day after."""
    return day + timedelta(days=1)


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
        where=source_of(spec).title,
        next_step="name a date or timestamp column as event_time, or offer one through a view",
    )
