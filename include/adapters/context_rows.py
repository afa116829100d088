"""What DuckDB finds in a partition beside other partitions: repeated keys, missing parents, earlier values.

Nothing is held in memory but the keys of one partition, and what does not fit is spilled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.spilling_duckdb import quoted, text_literal

SAMPLE_ROWS = 1_000_000
"""Rows of earlier days at most looked at for a number's bounds: every n-th in the order of the key."""


@dataclass(frozen=True)
class OtherFile:
    """The clean rows of another partition."""

    dataset: str
    ds: date
    path: Path
    rows: int


def has_columns(path: Path, columns: Mapping[str, pa.DataType]) -> bool:
    """Say whether a file has columns of these names and types."""
    schema = pq.read_schema(path)
    return all(name in schema.names and schema.field(name).type == kind for name, kind in columns.items())


def newest_value(connection: duckdb.DuckDBPyConnection, path: Path, column: str) -> datetime | date | None:
    """Return the greatest value of a date or timestamp column, None where it has none; times are UTC."""
    connection.execute("SET TimeZone = 'UTC'")
    query = f"SELECT max({quoted(column)}) FROM read_parquet($path)"  # noqa: S608 - the name is quoted
    found = connection.sql(query, params={"path": str(path)}).to_arrow_table()
    newest: datetime | date | None = found.column(0)[0].as_py()  # by Arrow: DuckDB's own way needs pytz
    return newest


def sample_values(
    connection: duckdb.DuckDBPyConnection, files: Sequence[OtherFile], column: str
) -> np.ndarray:
    """Return a number's values in other partitions, missing ones left out: shape `(n,)`, float64.

    Where there are more than `SAMPLE_ROWS` rows, an even share of every file is taken: always the same.
    """
    if not files:
        return np.empty(0)
    step = -(-sum(file.rows for file in files) // SAMPLE_ROWS)
    query = (
        f"SELECT {quoted(column)}::DOUBLE AS v"  # noqa: S608 - the name is quoted
        " FROM read_parquet($files, file_row_number = true, union_by_name = true)"
        f" WHERE {quoted(column)} IS NOT NULL AND file_row_number % $step = 0"
    )
    found = connection.execute(query, {"files": _paths(files), "step": max(step, 1)}).fetchnumpy()["v"]
    return np.asarray(found, dtype=np.float64)


def repeats_by_day(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str], files: Sequence[OtherFile]
) -> dict[date, int]:
    """Count the rows of other partitions whose `columns` stand in this one too, by day; none are left out."""
    if not files:
        return {}
    days = {str(file.path): file.ds for file in files}
    query = (
        'SELECT theirs."#file", count(*)'  # noqa: S608 - names are quoted
        " FROM read_parquet($files, filename = '#file', union_by_name = true) AS theirs"
        f" SEMI JOIN read_parquet($path) AS mine ON {_equal(columns, columns)} GROUP BY ALL"
    )
    found = connection.execute(query, {"files": list(days), "path": str(path)}).fetchall()
    return dict(sorted((days[name], count) for name, count in found))


def count_orphans(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Sequence[str],
    files: Sequence[OtherFile],
    references: Sequence[str],
) -> int:
    """Count the rows whose `columns`, all of them present, stand in no row of the other partitions."""
    query = f"SELECT count(*) FROM ({_orphans(path, columns, files, references)})"  # noqa: S608
    counted = connection.execute(query).fetchone()
    return int(counted[0]) if counted else 0


def repeated_keys(path: Path, columns: Sequence[str], files: Sequence[OtherFile], table: str) -> str:
    """Return the statement that puts the keys of a partition that stand in others too into a table."""
    theirs = f"SELECT DISTINCT {_list(columns)} FROM read_parquet({_literals(files)}, union_by_name = true)"  # noqa: S608
    return (
        f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS {theirs} AS theirs"
        f" SEMI JOIN read_parquet({text_literal(str(path))}) AS mine ON {_equal(columns, columns)}"
    )


def orphaned_keys(
    path: Path, columns: Sequence[str], files: Sequence[OtherFile], references: Sequence[str], table: str
) -> str:
    """Return the statement that puts the keys of a partition that no other has into a table."""
    orphans = _orphans(path, columns, files, references)
    return f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS SELECT DISTINCT * FROM ({orphans})"  # noqa: S608


def stands_in(columns: Sequence[str], table: str) -> str:
    """Return the condition that a row's `columns` stand in a table that has just these."""
    if len(columns) == 1:
        return f"coalesce({quoted(columns[0])} IN (SELECT {quoted(columns[0])} FROM {quoted(table)}), false)"  # noqa: S608
    return f"coalesce(({_list(columns)}) IN (SELECT ({_list(columns)}) FROM {quoted(table)}), false)"  # noqa: S608


def lies_outside(column: str, low: float, high: float) -> str:
    """Return the condition that a number lies outside bounds, ends included."""
    value = f"{quoted(column)}::DOUBLE"
    bounds = [f"CAST('{float(bound)!r}' AS DOUBLE)" for bound in (low, high)]
    return f"coalesce({value} < {bounds[0]} OR {value} > {bounds[1]}, false)"


def _orphans(
    path: Path, columns: Sequence[str], files: Sequence[OtherFile], references: Sequence[str]
) -> str:
    mine = f"SELECT {_list(columns)} FROM read_parquet({text_literal(str(path))})"  # noqa: S608
    present = " AND ".join(f"mine.{quoted(column)} IS NOT NULL" for column in columns)
    if not files:
        return f"{mine} AS mine WHERE {present}"
    theirs = f"read_parquet({_literals(files)}, union_by_name = true) AS theirs"
    return f"{mine} AS mine ANTI JOIN {theirs} ON {_equal(references, columns)} WHERE {present}"


def _equal(theirs: Sequence[str], mine: Sequence[str]) -> str:
    pairs = zip(theirs, mine, strict=True)
    return " AND ".join(f"theirs.{quoted(their)} = mine.{quoted(our)}" for their, our in pairs)


def _list(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _paths(files: Sequence[OtherFile]) -> list[str]:
    return [str(file.path) for file in files]


def _literals(files: Sequence[OtherFile]) -> str:
    return f"[{', '.join(map(text_literal, _paths(files)))}]"
