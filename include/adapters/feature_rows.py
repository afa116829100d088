"""Rows of many partitions' Parquet files as DuckDB sees them: one view a dataset, and queries on them.

A query may be larger than memory: it spills to a folder of its own. Its answer is written as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from include.adapters.parquet_files import ROW_GROUP_ROWS, FileFacts, draft_parquet
from include.adapters.spilling_duckdb import open_duckdb, quoted, text_literal
from include.errors import DataError, FatalError
from include.specs import ColumnType

MEMORY = "500MB"
THREADS = 2

_EPOCH = date(1970, 1, 1)
_TYPES = {
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.STRING: "VARCHAR",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class PartitionFiles:
    """The partitions of one dataset: its columns, and the file of each day."""

    columns: Mapping[str, ColumnType]
    paths: Mapping[date, Path]


class RowsDatabase:
    """Views of partitions' rows, while its `open_rows` block lasts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, where: str) -> None:
        self._connection = connection
        self._where = where

    def write(self, setup: Sequence[str], select: str, target: Path) -> FileFacts:
        """Write a query's answer, in the order the query gives it, into one Parquet file.

        Raises
        ------
        DataError
            When the rows cannot answer the query; names the column.
        """
        with self._explained():
            found = self._asked(setup, select).to_arrow_reader(ROW_GROUP_ROWS)
            with draft_parquet(target.parent, found.schema) as draft:
                for batch in found:
                    draft.write(batch)
                facts = draft.finish()
                draft.keep_as(target)
        return facts

    def table(self, setup: Sequence[str], select: str) -> pa.Table:
        """Return a query's answer; `DataError` as for `write`."""
        with self._explained():
            return self._asked(setup, select).to_arrow_table()

    def _asked(self, setup: Sequence[str], select: str) -> duckdb.DuckDBPyRelation:
        for statement in setup:
            self._connection.execute(statement)
        return self._connection.sql(select)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except duckdb.BinderException as error:
            raise self._refusal("the rows lack a column", error) from None
        except duckdb.ConversionException as error:
            raise self._refusal("a value or a column's type does not fit the others", error) from None
        except duckdb.OutOfRangeException as error:
            raise self._refusal("numbers are too large to be added up exactly", error) from None
        except duckdb.OutOfMemoryException as error:
            raise FatalError(
                f"DuckDB's share of memory or disk is used up: {_shortened(error)}",
                where=self._where,
                next_step="free room below PERENNIAL_WORK_ROOT, or shorten the training window or the"
                " windows of derived features",
            ) from None

    def _refusal(self, what: str, error: duckdb.Error) -> DataError:
        return DataError(
            f"{what}: {_shortened(error)}",
            where=self._where,
            next_step="load the history of the dataset again with its present columns, or let the contract"
            " quarantine infinite and absurdly large numbers",
        )


@contextmanager
def open_rows(
    views: Mapping[str, PartitionFiles],
    work_root: Path,
    where: str,
    memory: str = MEMORY,
    threads: int = THREADS,
) -> Iterator[RowsDatabase]:
    """Open partitions as views.

    Each view has the columns of its files, and `#row`: the day since 1970, shifted by 32 bits, plus the
    row's place in its file. A column that only newer partitions have is missing in the older ones.

    Parameters
    ----------
    views
        What each view shows, by its name.
    work_root
        Below it DuckDB may spill.
    where
        Names the rows in messages.
    memory, threads
        What DuckDB may use; the answers do not depend on them.
    """
    with open_duckdb(work_root, memory, threads) as connection:
        for name, files in views.items():
            connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS {_rows(files)}")
        yield RowsDatabase(connection, where)


def read_frame(path: Path, work_root: Path) -> pd.DataFrame:
    """Read a written file, in its order."""
    with open_duckdb(work_root) as connection:
        frame: pd.DataFrame = connection.execute("FROM read_parquet(?)", [str(path)]).df()
    return frame


def _rows(files: PartitionFiles) -> str:
    if not files.paths:
        empty = ", ".join(f"NULL::{_TYPES[kind]} AS {quoted(name)}" for name, kind in files.columns.items())
        return f'SELECT {empty}, NULL::BIGINT AS "#row" WHERE false'
    days = sorted(files.paths)
    listed = ", ".join(text_literal(str(files.paths[day])) for day in days)
    numbers = ", ".join(str((day - _EPOCH).days) for day in days)
    day = f"([{numbers}]::BIGINT[])[CAST(file_index AS BIGINT) + 1]"
    source = f"read_parquet([{listed}], union_by_name = true)"
    return f'SELECT *, ({day} << 32) + file_row_number AS "#row" FROM {source}'  # noqa: S608 - our own names


def _shortened(error: duckdb.Error) -> str:
    return " ".join(str(error).split())[:300]
