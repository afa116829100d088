"""What the columns of many Parquet files hold, found by DuckDB; memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.adapters.spilling_duckdb import quoted
from include.specs import ColumnType

# No spec can name a column like this, so it never hides one of the dataset's.
_FILE = '"#file"'
_ROWS = "read_parquet($files, filename = '#file', union_by_name = true)"


class ProfiledFiles:
    """Files of daily rows to ask about, over an open DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, files: Mapping[date, Path]) -> None:
        self._connection = connection
        self._days = {str(path): ds for ds, path in files.items()}
        connection.execute("SET TimeZone = 'UTC'")

    def days(self, event_time: str) -> dict[date, tuple[int, datetime | date | None]]:
        """Return rows and newest event time by day; a day without rows has none."""
        query = (
            f"SELECT {_FILE} AS file, count(*) AS n, max({quoted(event_time)}) AS t FROM {_ROWS} GROUP BY ALL"  # noqa: S608
        )
        found = self._rows(query)
        known = {self._days[row["file"]]: (row["n"], row["t"]) for row in found}
        return {ds: known.get(ds, (0, None)) for ds in sorted(self._days.values())}

    def column(self, name: str, kind: ColumnType) -> tuple[int, Any, Any]:
        """Return how often a column is missing, and its least and greatest number or length."""
        value = quoted(name)
        if kind is ColumnType.STRING:
            measured = f"length({value})"
        elif kind in {ColumnType.INTEGER, ColumnType.NUMBER}:
            measured = value
        else:
            measured = "NULL"
        query = (
            f"SELECT count(*) - count({value}) AS nulls, min({measured}) AS low,"  # noqa: S608
            f" max({measured}) AS high FROM {_ROWS}"
        )
        (row,) = self._rows(query)
        return row["nulls"], row["low"], row["high"]

    def members(self, name: str, most: int) -> tuple[str, ...] | None:
        """Return all different texts of a column, the most frequent first; None where there are more."""
        value = quoted(name)
        query = (
            f"SELECT {value} AS v, count(*) AS n FROM {_ROWS} WHERE {value} IS NOT NULL"  # noqa: S608
            f" GROUP BY 1 ORDER BY n DESC, v LIMIT {int(most) + 1}"
        )
        found = tuple(row["v"] for row in self._rows(query))
        return found if len(found) <= most else None

    def repeated_keys(self, key: Sequence[str]) -> int:
        """Count the keys that stand more than once in a day."""
        return self._count(key, [*map(quoted, key), _FILE], "count(*) > 1")

    def returning_keys(self, key: Sequence[str]) -> int:
        """Count the keys that stand on more than one day."""
        return self._count(key, list(map(quoted, key)), f"min({_FILE}) <> max({_FILE})")

    def _count(self, key: Sequence[str], groups: Sequence[str], having: str) -> int:
        complete = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
        grouped = f"SELECT 1 FROM {_ROWS} WHERE {complete} GROUP BY {', '.join(groups)} HAVING {having}"  # noqa: S608
        (row,) = self._rows(f"SELECT count(*) AS n FROM ({grouped})")  # noqa: S608
        return int(row["n"])

    def _rows(self, query: str) -> list[dict[str, Any]]:
        found = self._connection.sql(query, params={"files": list(self._days)}).to_arrow_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows
