"""Why rows are in quarantine, counted by DuckDB over the files of many days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.spilling_duckdb import open_duckdb, quoted
from include.specs.dataset import QUARANTINE_COLUMNS

# No spec can name columns like these, so they never hide one of the dataset's.
RULE, OBSERVED, FILE = "#rule", "#observed", "#file"


def count_reasons(files: Mapping[date, Path], work_root: Path) -> list[tuple[str, date, int]]:
    """Count the rows that broke each rule on each day: rule, day and rows, in a fixed order."""
    if not files:
        return []
    query = f'SELECT "{RULE}", "{FILE}", count(*) FROM ({_broken([])}) GROUP BY ALL'  # noqa: S608 - our names
    days = {str(path): ds for ds, path in files.items()}
    with open_duckdb(work_root) as connection:
        found = connection.execute(query, {"files": list(days)}).fetchall()
    return sorted((rule, days[file], rows) for rule, file, rows in found)


def example_rows(
    files: Mapping[date, Path], columns: Sequence[str], most: int, work_root: Path
) -> list[tuple[str, date, str, pa.Table]]:
    """Take up to `most` rows of each rule, the newest days first.

    Files that lack one of `columns` are left out: they were written before the spec declared it.

    Returns
    -------
    list
        For each row the rule, the day, what was observed, and a table of that row's `columns`.
    """
    days = {str(path): ds for ds, path in files.items() if set(columns) <= set(pq.read_schema(path).names)}
    if not days:
        return []
    newest = 'ORDER BY list_position($files, "#file") DESC, file_row_number'
    query = (
        f"SELECT * FROM ({_broken(columns)})"  # noqa: S608 - identifiers are quoted
        f' QUALIFY row_number() OVER (PARTITION BY "{RULE}" {newest}) <= $most'
        f' ORDER BY "{RULE}", list_position($files, "{FILE}") DESC, file_row_number'
    )
    with open_duckdb(work_root) as connection:
        table = connection.sql(query, params={"files": list(days), "most": most}).to_arrow_table()
    return [_example(table.slice(position, 1), columns, days) for position in range(table.num_rows)]


def _example(
    row: pa.Table, columns: Sequence[str], days: Mapping[str, date]
) -> tuple[str, date, str, pa.Table]:
    rule, observed, file = (row[name][0].as_py() for name in (RULE, OBSERVED, FILE))
    return rule, days[file], observed, row.select(list(columns))


def _broken(columns: Sequence[str]) -> str:
    """Return the query for one row a broken rule: the rules and what was observed stand side by side."""
    rules, observed = map(quoted, QUARANTINE_COLUMNS)
    named = "".join(f", {quoted(column)}" for column in columns)
    return (
        f'SELECT unnest({rules}) AS "{RULE}", unnest({observed}) AS "{OBSERVED}",'  # noqa: S608
        f' "{FILE}", file_row_number{named}'
        f" FROM read_parquet($files, filename = '{FILE}', file_row_number = true, union_by_name = true)"
    )
