"""PostgreSQL's rows as Arrow without a Python object for each value: COPY, decoded by ADBC.

Only where that gives the very same arrays as the way through Python does: `PostgresArrow.plan` says which
columns it knows. What an Arrow cast could lose goes the other way too, batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import adbc_driver_manager
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from adbc_driver_manager._reader import AdbcRecordBatchReader
from adbc_driver_postgresql import StatementOptions, dbapi
from psycopg.conninfo import make_conninfo
from sqlalchemy.dialects.postgresql.base import PGDialect

from include.adapters.arrow_columns import ARROW_TYPES, to_array
from include.adapters.read_ahead import read_ahead
from include.adapters.sources.sql_errors import misfits_named, refused, unavailable
from include.errors import SourceError, SourceUnavailableError
from include.specs import ColumnType, DatasetSpec

SqlType: TypeAlias = sa.types.TypeEngine[Any]

BATCH_BYTES = 4 << 20
"""Bytes that the driver gathers before it hands them over."""

BATCHES_AHEAD = 8
"""Batches decoded while earlier ones are written: about the rows of a row group of narrow rows."""

_EXACT_INTEGER = 2**53
_MANNERS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL extra_float_digits = 3",
)


class PostgresArrow:
    """A PostgreSQL database from which rows are read by a connection of their own.

    Parameters
    ----------
    options
        How psycopg reaches the database, with its password; what is not for libpq is left out.
    spec
        Names the columns and their types.
    """

    def __init__(self, options: Mapping[str, Any], spec: DatasetSpec) -> None:
        known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
        self._conninfo = make_conninfo("", **{k: v for k, v in options.items() if k in known})
        self._spec = spec

    def plan(self, natives: Mapping[str, SqlType]) -> list[sa.ColumnElement[Any]] | str:
        """Say how each column is selected, or why this way is not open.

        Parameters
        ----------
        natives
            The database's own types by name.

        Returns
        -------
        list of expressions or str
            One for each column, in order; or the reason, for a log.
        """
        planned: list[sa.ColumnElement[Any]] = []
        for name, native in natives.items():
            declared = self._spec.columns[name]
            expression = _select(sa.column(name), declared, native)
            if expression is None:
                return f"{name!r} is {native!r} there and {declared} here"
            planned.append(expression.label(name))
        return planned

    def read(self, statement: sa.Select[Any], names: list[str]) -> Iterator[pa.RecordBatch]:
        """Stream a statement's rows in columns of the declared types.

        Raises
        ------
        SourceError
            Where a value does not fit its declared type, or the query is refused.
        SourceUnavailableError
            Where the database does not answer, or stops answering midway.
        """
        text = str(statement.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
        try:
            with closing(dbapi.connect(self._conninfo)) as connection, closing(connection.cursor()) as cursor:
                for manner in _MANNERS:
                    cursor.execute(manner)
                cursor.adbc_statement.set_options(**_OPTIONS)
                cursor.execute(text)
                # Of the driver manager's two readers only this one tells which error it was.
                stream = cursor.fetch_arrow()
                batches = iter(AdbcRecordBatchReader._import_from_c(stream.address))
                yield from read_ahead((self._typed(batch, names) for batch in batches), BATCHES_AHEAD)
        except adbc_driver_manager.Error as error:
            raise _explained(self._spec, error) from error

    def _typed(self, batch: pa.RecordBatch, names: list[str]) -> pa.RecordBatch:
        columns = dict(zip(names, batch.columns, strict=True))
        with misfits_named(self._spec, columns):
            arrays = [_exact(name, self._spec.columns[name], column) for name, column in columns.items()]
        return pa.RecordBatch.from_arrays(arrays, names)


def _select(
    column: sa.ColumnClause[Any], declared: ColumnType, native: SqlType
) -> sa.ColumnElement[Any] | None:
    kind = type(native).__name__
    if kind in _AS_IT_IS[declared]:
        return column
    if declared is ColumnType.NUMBER and kind == "NUMERIC":
        return sa.cast(column, sa.Double())
    if declared is ColumnType.NUMBER and kind == "REAL":  # 0.1 is meant where 0.1 is shown
        return sa.cast(sa.cast(column, sa.Text()), sa.Double())
    if declared is ColumnType.STRING and kind in {"UUID", "ENUM"}:
        return sa.cast(column, sa.Text())
    return None


_INTEGERS = {"SMALLINT", "INTEGER", "BIGINT"}
_AS_IT_IS: Mapping[ColumnType, set[str]] = {
    ColumnType.INTEGER: _INTEGERS,
    ColumnType.NUMBER: _INTEGERS | {"DOUBLE_PRECISION"},
    ColumnType.STRING: {"TEXT", "VARCHAR", "CHAR"},
    ColumnType.BOOLEAN: {"BOOLEAN"},
    ColumnType.DATE: {"DATE"},
    ColumnType.TIMESTAMP: {"DATE", "TIMESTAMP", "DateTime"},
}


def _exact(name: str, kind: ColumnType, column: pa.Array) -> pa.Array:
    if kind in {ColumnType.DATE, ColumnType.TIMESTAMP}:
        _require_years(name, kind, column)
    if kind is ColumnType.NUMBER and pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if kind is ColumnType.NUMBER and not _fits_float(column):
        return to_array(name, kind, column.to_pylist())
    return column.cast(ARROW_TYPES[kind])


def _fits_float(integers: pa.Array) -> bool:
    ends = pc.min_max(integers)
    return all(abs(end.as_py() or 0) <= _EXACT_INTEGER for end in (ends["min"], ends["max"]))


def _require_years(name: str, kind: ColumnType, column: pa.Array) -> None:
    """Refuse moments outside the calendar that Python, and with it all that follows, can name.

    PostgreSQL's infinity arrives as a number far out there.
    """
    counted = column.cast(pa.int32() if pa.types.is_date32(column.type) else pa.int64())
    lowest, highest = (pa.scalar(end, column.type).cast(counted.type).as_py() for end in _ends(column.type))
    found = pc.min_max(counted).as_py()
    if found["min"] is None or (lowest <= found["min"] and found["max"] <= highest):
        return
    raise SourceError(
        f"column {name!r} holds a moment outside the years 1 to 9999, such as infinity or one BC",
        next_step=f"mend the row in the source, or offer {name!r} without it through a view",
        column=name,
        declared=str(kind),
    )


def _ends(kind: pa.DataType) -> tuple[date, date]:
    if pa.types.is_date32(kind):
        return date.min, date.max
    zone = UTC if kind.tz else None
    return datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)


def _explained(spec: DatasetSpec, error: adbc_driver_manager.Error) -> SourceError | SourceUnavailableError:
    """Judge an error as SQLAlchemy would: by what psycopg calls it; a lost connection has no code."""
    kind = psycopg.errors.lookup(error.sqlstate) if error.sqlstate else psycopg.OperationalError
    passes = issubclass(kind, psycopg.OperationalError | psycopg.InterfaceError)
    return unavailable(spec, error) if passes else refused(spec, error)


class _LiteralDate(sa.Date):
    def literal_processor(self, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return lambda day: f"DATE '{day.isoformat()}'"


class _LiteralMoment(sa.DateTime):
    def literal_processor(self, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return lambda moment: f"{'TIMESTAMPTZ' if moment.tzinfo else 'TIMESTAMP'} '{moment.isoformat(' ')}'"


class _CopyDialect(PGDialect):
    """COPY takes no parameters: days stand in the text as literals, and these are all there is."""

    colspecs = {**PGDialect.colspecs, sa.Date: _LiteralDate, sa.DateTime: _LiteralMoment}
    supports_statement_cache = False


_DIALECT = _CopyDialect(paramstyle="named")  # type: ignore[no-untyped-call]
_OPTIONS = {StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)}
