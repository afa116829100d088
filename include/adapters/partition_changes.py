"""What one revision of a partition changed against another, counted by DuckDB over their two files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.parquet_files import read_batches
from include.adapters.row_order import repeats_a_key, sort_columns
from include.adapters.spilling_duckdb import open_duckdb, quoted
from include.contracts import RowChanges

BATCH_ROWS = 65_536

# No spec can name columns like these.
_HERE = '"#here"'
_NUMBER = '"#number"'


def compare_files(old: Path, new: Path, key: Sequence[str], work_root: Path) -> RowChanges:
    """Count the rows that were added, removed and altered; `RowChanges` says what these words mean.

    Memory does not grow with the number of rows.

    Parameters
    ----------
    old, new
        Parquet files whose rows stand in the order of `include.adapters.row_order.order_rows`.
    key
        The columns that name a row. Where one of the files lacks one of them, or has it with another
        type, no row of one file is a row of the other.
    work_root
        Where DuckDB may spill.
    """
    with pq.ParquetFile(old) as before, pq.ParquetFile(new) as after:
        shared = [field.name for field in after.schema_arrow if _has(before.schema_arrow, field)]
        if not set(key) <= set(shared):
            return RowChanges(added=after.metadata.num_rows, removed=before.metadata.num_rows, altered=0)
        repeated = _repeats_a_key(before, key) or _repeats_a_key(after, key)
    columns = sort_columns(shared, key)
    query = _comparison(columns, key, repeated=repeated)
    with open_duckdb(work_root) as connection:
        (found,) = connection.execute(query, {"old": str(old), "new": str(new)}).fetchall()
    added, removed, altered, *by_column = found
    rows = dict(zip(columns[len(key) :], by_column, strict=True))
    named = {name: rows[name] for name in shared if rows.get(name)}
    return RowChanges(added=added, removed=removed, altered=altered, altered_columns=named)


def _has(schema: pa.Schema, field: pa.Field) -> bool:
    return field.name in schema.names and schema.field(field.name).type == field.type


def _repeats_a_key(file: pq.ParquetFile, key: Sequence[str]) -> bool:
    """Say whether a key stands in more than one row; equal keys are neighbours, as the rows are in order."""
    last: list[pa.Table] = []
    for batch in read_batches(file, BATCH_ROWS, key):
        rows = pa.Table.from_batches([batch])
        if repeats_a_key(pa.concat_tables([*last, rows]), key):
            return True
        last = [rows.slice(rows.num_rows - 1)]
    return False


def _comparison(columns: Sequence[str], key: Sequence[str], *, repeated: bool) -> str:
    """Join the rows of both files by key and number, and count by what each side has."""
    same_row = [f"old.{quoted(name)} IS NOT DISTINCT FROM new.{quoted(name)}" for name in key]
    differs = [f"old.{quoted(name)} IS DISTINCT FROM new.{quoted(name)}" for name in columns[len(key) :]]
    both = f"old.{_HERE} AND new.{_HERE}"
    counts = [f"old.{_HERE} IS NULL", f"new.{_HERE} IS NULL"]
    counts += [f"{both} AND ({' OR '.join(differs) or 'false'})", *(f"{both} AND {one}" for one in differs)]
    old, new = _all_rows(columns, "$old"), _all_rows(columns, "$new")
    if repeated:
        old, new = _unmatched(columns, key, old, new), _unmatched(columns, key, new, old)
    counted = ", ".join(f"count(*) FILTER (WHERE {which})" for which in counts)
    joined = " AND ".join([*same_row, f"old.{_NUMBER} = new.{_NUMBER}"])
    return f"WITH old AS ({old}), new AS ({new}) SELECT {counted} FROM old FULL JOIN new ON {joined}"  # noqa: S608


def _all_rows(columns: Sequence[str], file: str) -> str:
    """Select the rows of a file in which every key stands once."""
    listed = ", ".join(map(quoted, columns))
    return f"SELECT {listed}, 1 AS {_NUMBER}, true AS {_HERE} FROM read_parquet({file})"  # noqa: S608


def _unmatched(columns: Sequence[str], key: Sequence[str], rows: str, others: str) -> str:
    """Select the rows that `others` does not have as often, numbered within their key."""
    by_key, by_all = (", ".join(map(quoted, names)) for names in (key, columns))
    number = f"row_number() OVER (PARTITION BY {by_key} ORDER BY {by_all}) AS {_NUMBER}"
    return f"SELECT * REPLACE ({number}) FROM ({rows} EXCEPT ALL {others})"  # noqa: S608
