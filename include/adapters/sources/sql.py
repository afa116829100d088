"""Rows of a table or query of a database, streamed into Arrow with the types the spec declares."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from include.adapters.arrow_columns import ARROW_TYPES, to_array
from include.adapters.sources.base import Readiness, Source
from include.adapters.sources.sql_columns import FoundColumn, find_columns, is_filled
from include.adapters.sources.sql_engine import CONNECT_SECONDS, MANNERS, make_engine
from include.adapters.sources.sql_errors import database_errors, misfits_named, where
from include.adapters.sources.sql_statements import next_day, relation, source_of, within
from include.errors import SourceError
from include.specs import ColumnType, DatasetSpec
from include.specs.arrival import Until

if TYPE_CHECKING:
    from include.adapters.sources.postgres_arrow import PostgresArrow

log = logging.getLogger(__name__)

BATCH_ROWS = 10_000
"""Rows held as Python objects at a time."""

_FAR = date(9999, 12, 31)


class SqlReader(Source):
    """The rows of one table or query, read through an open connection."""

    def __init__(self, spec: DatasetSpec, connection: sa.Connection, arrow: PostgresArrow | None) -> None:
        super().__init__(spec)
        self._connection = connection
        self._arrow = arrow
        self._source = source_of(spec)
        self._found: dict[str, FoundColumn] | None = None
        self._timeless: int | None = None
        self._reason = ""

    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a range of days; of a state, all rows once for each day; see `Source`."""
        self._count_rows_without_event_time()
        if not self.spec.is_state:
            yield from self._read(first, last_exclusive)
            return
        while first < last_exclusive:
            yield from self._read(first, next_day(first))
            first = next_day(first)

    def count_rows(self, first: date, last_exclusive: date) -> int | None:
        """Count the rows that `read` would yield; None where a query is asked for its days."""
        if self.spec.is_state or self._source.parameters:
            return None
        with self._transaction() as found:
            counted = self._rows([sa.func.count()], found, first, last_exclusive)
            return int(self._connection.execute(counted).scalar_one())

    def describe(self, ds: date) -> dict[str, str]:
        """Name connection, table or query, and which of its rows are the day's."""
        what = {"table": self._source.table} if self._source.table else {"query": self._source.query}
        origin = {"connection": self._source.connection, **{k: str(v) for k, v in what.items()}}
        if self.spec.is_state:
            return {**origin, "load": "state", "as_of": ds.isoformat()}
        bounds = {"first": ds.isoformat(), "last_exclusive": next_day(ds).isoformat()}
        timeless = self._count_rows_without_event_time()
        notice = {"rows_without_event_time": str(timeless)} if timeless else {}
        return {**origin, "event_time": self.spec.event_time, **bounds, **notice}

    def found_columns(self) -> dict[str, str]:
        """Return the columns there are with the database's own types."""
        if self._found is None:
            with self._transaction() as found:
                self._found = found
        return {name: column.native for name, column in self._found.items()}

    def is_ready(self, ds: date) -> Readiness:
        """Look for one row: of the day, or of a later day; of a state, for any."""
        if self.spec.is_state:
            return self._readiness(ds, next_day(ds), "")
        arrival = self.spec.arrival
        if arrival is not None and arrival.until is Until.LATER_ROWS:
            return self._readiness(next_day(ds), _FAR, f" later than {ds}")
        return self._readiness(ds, next_day(ds), f" of {ds}")

    def _readiness(self, first: date, last_exclusive: date, sought: str) -> Readiness:
        with self._transaction() as found:
            there = self._rows([sa.literal(1)], found, first, last_exclusive).limit(1)
            ready = self._connection.execute(there).first() is not None
        return Readiness(
            ready, f"{self._source.title} has {'a' if ready else 'no'} row{sought}{'' if ready else ' yet'}"
        )

    def _read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        for batch in self._batches(first, last_exclusive):
            whole = _filled(batch, self.spec, first)
            _require_within(whole, self.spec, first, last_exclusive)
            yield whole

    def _batches(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        with self._transaction() as found:
            names = [name for name in self.spec.columns if not is_filled(self.spec, name, found)]
            plan = self._plan(names, found)
            statement = self._rows(plan or [sa.column(name) for name in names], found, first, last_exclusive)
            if self._arrow is None or plan is None:
                yield from self._row_by_row(statement, names)
                return
        # After the transaction: a server may end one that has been idle for as long as this takes.
        yield from self._arrow.read(statement, names)

    def _plan(self, names: list[str], found: dict[str, FoundColumn]) -> list[sa.ColumnElement[Any]] | None:
        if self._arrow is None:
            return None
        plan = self._arrow.plan({name: found[name].kind for name in names})
        if not isinstance(plan, str):
            return plan
        if plan != self._reason:
            log.info("%s is read row by row: %s", self._source.title, plan)
            self._reason = plan
        return None

    def _row_by_row(self, statement: sa.Select[Any], names: list[str]) -> Iterator[pa.RecordBatch]:
        streaming = self._connection.execution_options(stream_results=True)
        with closing(streaming.execute(statement)) as streamed:
            for rows in streamed.partitions(BATCH_ROWS):
                yield _to_batch(rows, names, self.spec)

    def _rows(
        self,
        columns: Sequence[sa.ColumnElement[Any]],
        found: dict[str, FoundColumn],
        first: date,
        last_exclusive: date,
    ) -> sa.Select[Any]:
        """Select what belongs to a range of days, as one statement: it sees one state of the database."""
        rows = sa.select(*columns).select_from(relation(self.spec, first, last_exclusive))
        if self.spec.is_state:
            return rows
        kind = self._event_time_kind(found)
        return rows.where(within(self._connection, self.spec, kind, first, last_exclusive))

    def _event_time_kind(self, found: dict[str, FoundColumn]) -> sa.types.TypeEngine[Any]:
        kind = found[self.spec.event_time].kind
        if isinstance(kind, sa.types.NullType):  # the driver does not say; moments without a zone are UTC
            return sa.Date() if self.spec.columns[self.spec.event_time] is ColumnType.DATE else sa.DateTime()
        return kind

    @contextmanager
    def _transaction(self) -> Iterator[dict[str, FoundColumn]]:
        """Give the columns there are, in a transaction of its own that ends with the block."""
        with database_errors(self.spec), self._connection.begin():
            for statement in MANNERS.get(self._connection.dialect.name, ()):
                self._connection.execute(sa.text(statement))
            self._found = find_columns(self._connection, self.spec)
            yield self._found

    def _count_rows_without_event_time(self) -> int:
        """Count the rows that belong to no day and say so, once; a query decides itself what it does."""
        if self._timeless is None:
            self._timeless = self._count_timeless()
            if self._timeless:
                log.warning(
                    "%s has %d rows without %s: they belong to no day and no run reads them;"
                    " mend them in the source",
                    where(self.spec), self._timeless, self.spec.event_time,
                )  # fmt: skip
        return self._timeless

    def _count_timeless(self) -> int:
        if self.spec.is_state or self._source.parameters:
            return 0
        with self._transaction() as found:
            if not found[self.spec.event_time].nullable:
                return 0
            rows = sa.select(sa.func.count()).select_from(relation(self.spec, _FAR, _FAR))
            timeless = rows.where(sa.column(self.spec.event_time).is_(None))
            return int(self._connection.execute(timeless).scalar_one())


def _to_batch(rows: Any, names: list[str], spec: DatasetSpec) -> pa.RecordBatch:
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    with misfits_named(spec, columns):
        arrays = [to_array(name, spec.columns[name], values) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(arrays, names)


def _filled(batch: pa.RecordBatch, spec: DatasetSpec, ds: date) -> pa.RecordBatch:
    """Add a state's event time where the source has none, and give the columns the spec's order."""
    if spec.event_time not in batch.schema.names:
        day = pa.repeat(pa.scalar(ds, ARROW_TYPES[spec.columns[spec.event_time]]), batch.num_rows)
        batch = batch.append_column(spec.event_time, day)
    return batch.select(list(spec.columns))


def _require_within(batch: pa.RecordBatch, spec: DatasetSpec, first: date, last_exclusive: date) -> None:
    """Refuse rows of another UTC day.

    A database finds some that compares text with a zone as text; a state's query may name another day.
    """
    days = pc.cast(batch[spec.event_time], pa.date32())
    inside = pc.and_(
        pc.greater_equal(days, pa.scalar(first, pa.date32())),
        pc.less(days, pa.scalar(last_exclusive, pa.date32())),
    )
    if pc.all(pc.fill_null(inside, False)).as_py():
        return
    strays = batch[spec.event_time].filter(pc.invert(pc.fill_null(inside, False)))
    example = "one without any" if strays[0].as_py() is None else strays[0].as_py().isoformat()
    raise SourceError(
        f"{len(strays)} rows belong to another UTC day, such as {example}",
        where=f"{spec.event_time!r} of {source_of(spec).title}, {first} up to {last_exclusive}",
        next_step="store the event time in UTC, or offer it so through a view",
    )


@contextmanager
def open_sql(url: str, spec: DatasetSpec) -> Iterator[SqlReader]:
    """Connect to the database of a dataset's source.

    Parameters
    ----------
    url
        SQLAlchemy address of the database.
    spec
        Names connection and table or query.

    Raises
    ------
    SourceUnavailableError
        Where the database does not answer.
    SettingsError
        Where the address names no database that can be reached from here.
    """
    engine = make_engine(url, source_of(spec).connection)
    try:
        with database_errors(spec):
            connection = engine.connect()
        with connection:
            yield SqlReader(spec, connection, _arrow_for(connection, spec))
    finally:
        engine.dispose()


def _arrow_for(connection: sa.Connection, spec: DatasetSpec) -> PostgresArrow | None:
    """Return the fast way into a PostgreSQL that libpq reaches."""
    dialect = connection.dialect
    if dialect.name != "postgresql" or dialect.driver not in {"psycopg", "psycopg2"}:
        return None
    from include.adapters.sources.postgres_arrow import PostgresArrow

    _, options = dialect.create_connect_args(connection.engine.url)
    return PostgresArrow({"connect_timeout": CONNECT_SECONDS, **options}, spec)
