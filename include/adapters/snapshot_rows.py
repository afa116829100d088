"""Rows of a snapshot's Parquet files, read by DuckDB in one scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from include.errors import DataError

# No spec can name columns like these, so they never hide one of the dataset's.
DS = "#ds"
_FILE = "#file"
_MEMORY_LIMIT = "1GB"


def read_rows(
    paths: Mapping[str, Path], columns: Sequence[str], key: Sequence[str], work_root: Path
) -> pd.DataFrame:
    """Read columns of all files into one frame.

    Parameters
    ----------
    paths
        Where each partition lies, by its name in the snapshot (`<ds>.parquet`).
    columns
        What is read; a column that only newer partitions have is missing in the older ones.
    key
        The columns that order rows within a partition.
    work_root
        Where DuckDB may spill.

    Returns
    -------
    pd.DataFrame
        `columns` and `DS` (datetime64, the partition's day), ordered by day and `key`: equal files
        give equal frames.

    Raises
    ------
    DataError
        When no partition has one of the columns, or they hold it with types that do not go together.
    """
    names = pd.DataFrame(
        {
            _FILE: [str(path) for path in paths.values()],
            DS: pd.to_datetime([Path(n).stem for n in paths]),
        }
    )
    wanted = ", ".join(f"rows.{_quoted(column)}" for column in columns)
    order = ", ".join(f"rows.{_quoted(column)}" for column in key)
    query = (
        f'SELECT {wanted}, names."{DS}" FROM '  # noqa: S608 - identifiers are quoted
        f"read_parquet($files, filename = '{_FILE}', union_by_name = true) AS rows "
        f'JOIN names USING ("{_FILE}") ORDER BY names."{DS}", {order}'
    )
    spill = {"memory_limit": _MEMORY_LIMIT, "temp_directory": str(work_root / "duckdb"), "threads": 2}
    with duckdb.connect(config=spill) as connection:
        connection.register("names", names)
        try:
            found: pd.DataFrame = connection.execute(query, {"files": names[_FILE].tolist()}).df()
        except (duckdb.BinderException, duckdb.ConversionException) as error:
            what = "lacks a column" if isinstance(error, duckdb.BinderException) else "mixes a column's types"
            raise DataError(
                f"the snapshot {what}: {' '.join(str(error).split())[:300]}",
                where=f"partitions {min(paths)} to {max(paths)}",
                next_step="load the history of the dataset again with its present columns",
            ) from None
    return found


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
