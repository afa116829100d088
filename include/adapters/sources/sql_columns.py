"""The columns that a table or a query of a database has, with the database's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from include.adapters.sources.sql_statements import relation, source_of
from include.errors import SourceError, name_some
from include.specs import DatasetSpec
from include.specs.sql_source import SqlSource

SqlType: TypeAlias = sa.types.TypeEngine[Any]


@dataclass(frozen=True)
class FoundColumn:
    """A column as the database has it; `kind` is `NullType` where only the driver knows its type."""

    kind: SqlType
    native: str
    nullable: bool


def find_columns(connection: sa.Connection, spec: DatasetSpec) -> dict[str, FoundColumn]:
    """Look up the columns there are, so that a missing one is named before anything is read.

    Raises
    ------
    SourceError
        Where the table or a column that must be read is missing.
    """
    source = source_of(spec)
    found = _of_table(connection, spec, source) if source.table else _of_query(connection, spec)
    missing = [name for name in spec.columns if name not in found and not is_filled(spec, name, found)]
    if missing:
        raise SourceError(
            f"{source.title} has no column {name_some(missing)}; it has: {name_some(found)}",
            where=f"connection {source.connection!r}",
            next_step=f"correct the columns of dataset {spec.dataset!r}, or add them to {source.title}",
            missing=missing,
        )
    return found


def is_filled(spec: DatasetSpec, name: str, found: Mapping[str, FoundColumn]) -> bool:
    """Say whether a column is not read but filled with the partition's day: a state's event time."""
    return spec.is_state and name == spec.event_time and name not in found


def _of_table(connection: sa.Connection, spec: DatasetSpec, source: SqlSource) -> dict[str, FoundColumn]:
    schema, _, name = (source.table or "").rpartition(".")
    inspector = sa.inspect(connection)
    try:
        columns = inspector.get_columns(name, schema or None)
    except sa.exc.NoSuchTableError:
        found = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        raise SourceError(
            f"there is no {source.title}; there are: {name_some(sorted(found)) or 'none'}",
            where=f"connection {source.connection!r}",
            next_step=f"correct source.table of dataset {spec.dataset!r}, or create the table",
            table=source.table,
        ) from None
    return {c["name"]: FoundColumn(c["type"], str(c["type"]), bool(c["nullable"])) for c in columns}


def _of_query(connection: sa.Connection, spec: DatasetSpec) -> dict[str, FoundColumn]:
    """Ask for the query's rows under a condition that none meets."""
    nothing = sa.select(sa.text("*")).select_from(relation(spec, spec.start, spec.start)).where(sa.false())
    described = connection.execute(nothing).cursor.description
    return {name: _of_driver(connection, code) for name, code, *_ in described}


def _of_driver(connection: sa.Connection, code: Any) -> FoundColumn:
    name = _native_name(connection, code)
    known = getattr(connection.dialect, "ischema_names", {}).get(name)
    kind = sa.types.NullType() if known is None else known()
    if name == "timestamp with time zone":
        kind = sa.DateTime(timezone=True)
    return FoundColumn(kind, name.upper() or "UNKNOWN", nullable=True)


def _native_name(connection: sa.Connection, code: Any) -> str:
    """Return what the database calls a type that its driver gives as a number; empty where it does not."""
    match connection.dialect.name:
        case "postgresql":
            return str(connection.execute(sa.select(sa.func.format_type(code, None))).scalar_one())
        case "mysql" | "mariadb":
            return _MYSQL_TYPES.get(code, "")
        case _:
            return ""


# The numbers of the protocol that all drivers of MySQL and MariaDB speak.
_MYSQL_TYPES = {
    1: "tinyint", 2: "smallint", 3: "integer", 4: "float", 5: "double", 7: "timestamp", 8: "bigint",
    9: "mediumint", 10: "date", 11: "time", 12: "datetime", 13: "year", 15: "varchar", 16: "bit",
    245: "json", 246: "decimal", 252: "text", 253: "varchar", 254: "char",
}  # fmt: skip
