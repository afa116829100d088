"""Which rows of a partition fail which rules: one DuckDB scan of its Parquet file.

What is found waits in DuckDB, which spills it to disk, so memory stays flat however many rows fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.parquet_files import read_batches
from include.adapters.row_rules import PYTHON_SEARCH, ROWS, RowRule
from include.adapters.spilling_duckdb import open_duckdb, text_literal
from include.errors import MAX_NAMED
from include.specs import Severity

BATCH_ROWS = 65_536
_MEMORY = "200MB"
_BITS = 62
"""Rules in one number of what is found."""
_ROW = "file_row_number"


class RowScan:
    """Finds failing rows; `open_scan` makes one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._scans = 0

    def find(self, path: Path, rules: Sequence[RowRule]) -> Findings:
        """Scan a partition's file by rules, all of which are asked of every row."""
        self._scans += 1
        table = f"findings_{self._scans}"
        source = f"read_parquet({text_literal(str(path))}, file_row_number = true)"
        execute = self._connection.execute
        execute(f"CREATE OR REPLACE TEMP VIEW {ROWS} AS SELECT * FROM {source}")  # noqa: S608
        for statement in (statement for rule in rules for statement in rule.setup):
            execute(statement)
        execute(f"CREATE TABLE {table} AS {_findings_query(rules)}")
        return _count(self._connection, table, path, tuple(rules))


@dataclass(frozen=True)
class Findings:
    """The rows of one partition that fail rules.

    Attributes
    ----------
    path
        The partition's rows.
    rules
        What was asked.
    failed_rows
        How many rows fail each rule.
    first_rows
        Zero-based positions of the first ten of them, ascending.
    quarantined_rows
        Rows that fail a `quarantine` rule.
    warned_rows
        Rows that fail a `warn` rule and no `quarantine` rule.
    """

    path: Path
    rules: tuple[RowRule, ...]
    failed_rows: tuple[int, ...]
    first_rows: tuple[tuple[int, ...], ...]
    quarantined_rows: int
    warned_rows: int
    _connection: duckdb.DuckDBPyConnection
    _table: str

    @property
    def schema(self) -> pa.Schema:
        """The columns of the partition's rows."""
        return pq.read_schema(self.path).remove_metadata()

    def batches(self) -> Iterator[tuple[pa.RecordBatch, np.ndarray, np.ndarray]]:
        """Read all of the partition's rows in order, and which of them fail.

        Yields
        ------
        tuple
            Rows; the zero-based positions in them that fail a rule, `int64`, shape (n,), ascending; which
            rules each of these fails, `bool`, shape (n, number of rules).
        """
        found = _Cursor(self._connection.cursor(), self._table, len(self.rules))
        start = 0
        with pq.ParquetFile(self.path) as file:
            for batch in read_batches(file, BATCH_ROWS):
                yield batch, *found.take(start, start + batch.num_rows)
                start += batch.num_rows

    def example_rows(self, columns: Sequence[str]) -> tuple[pa.Table, dict[int, int]]:
        """Read the rows in `first_rows`; say which position stands where in them."""
        positions = sorted({position for found in self.first_rows for position in found})
        rows = _rows_at(self.path, columns, positions)
        return rows, {position: index for index, position in enumerate(positions)}

    def drop(self) -> None:
        """Forget what was found."""
        self._connection.execute(f"DROP TABLE {self._table}")


@contextmanager
def open_scan(work_root: Path) -> Iterator[RowScan]:
    """Open the engine that scans partitions; it spills below `work_root`."""
    with open_duckdb(work_root, _MEMORY) as connection:
        connection.create_function(
            PYTHON_SEARCH, _search_all, ["VARCHAR", "VARCHAR"], "BOOLEAN", type="arrow"
        )
        yield RowScan(connection)


def _findings_query(rules: Sequence[RowRule]) -> str:
    """Ask for the failing rows and what they fail, a bit a rule: eight bytes instead of a column each."""
    masks = {f"m{n}": _mask(rules[n : n + _BITS]) for n in range(0, len(rules), _BITS)}
    asked = ", ".join(f"{mask} AS {name}" for name, mask in masks.items())
    broken = " OR ".join(f"{name} <> 0" for name in masks) or "false"
    columns = ", ".join([f"{_ROW} AS position", *([asked] if asked else [])])
    return f"SELECT * FROM (SELECT {columns} FROM {ROWS}) WHERE {broken}"  # noqa: S608 - our own rules


def _mask(rules: Sequence[RowRule]) -> str:
    bits = (
        f"CASE WHEN {rule.fails} THEN {1 << n}::BIGINT ELSE 0::BIGINT END" for n, rule in enumerate(rules)
    )
    return " | ".join(f"({bit})" for bit in bits)


def _count(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, rules: tuple[RowRule, ...]
) -> Findings:
    """Read once through what was found; the counts of a query over all rules take longer to plan."""
    goes, warns = (_of_severity(rules, severity) for severity in (Severity.QUARANTINE, Severity.WARN))
    counts, firsts = np.zeros(len(rules), np.int64), np.empty((0, len(rules)), np.int64)
    quarantined = warned = 0
    for positions, flags in _stream(connection.cursor(), table, len(rules)):
        counts += flags.sum(axis=0)
        refused = flags[:, goes].any(axis=1)
        quarantined += int(refused.sum())
        warned += int((flags[:, warns].any(axis=1) & ~refused).sum())
        firsts = _keep_first(firsts, positions, flags)
    return Findings(
        path=path,
        rules=rules,
        failed_rows=tuple(counts.tolist()),
        first_rows=tuple(tuple(column[column >= 0].tolist()) for column in firsts.T),
        quarantined_rows=quarantined,
        warned_rows=warned,
        _connection=connection,
        _table=table,
    )


def _of_severity(rules: Sequence[RowRule], severity: Severity) -> list[int]:
    return [number for number, rule in enumerate(rules) if rule.severity is severity]


def _keep_first(firsts: np.ndarray, positions: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """Add the first failing rows of a batch to those known, rule by rule, up to ten; -1 is none."""
    kept = np.full((MAX_NAMED, flags.shape[1]), -1, np.int64)
    for number, fails in enumerate(flags.T):
        known = firsts[:, number][firsts[:, number] >= 0]
        found = np.concatenate([known, positions[fails][: MAX_NAMED - len(known)]])
        kept[: len(found), number] = found
    return kept


def _stream(
    connection: duckdb.DuckDBPyConnection, table: str, rules: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions of failing rows, ascending, and which rules each fails."""
    query = f"SELECT * FROM {table} ORDER BY position"  # noqa: S608 - our own name
    bits = np.arange(_BITS, dtype=np.int64)
    for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
        positions, *masks = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
        flags = [(mask[:, None] >> bits) & 1 for mask in masks]
        yield positions, np.concatenate(flags, axis=1)[:, :rules].astype(bool)


class _Cursor:
    """Reads findings in the order of the rows, as much as is asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, rules: int) -> None:
        self._batches = _stream(connection, table, rules)
        self._positions, self._flags = np.empty(0, np.int64), np.empty((0, rules), bool)

    def take(self, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the findings of the rows from `start` up to, not including, `end`."""
        while not (len(self._positions) and self._positions[-1] >= end):
            batch = next(self._batches, None)
            if batch is None:
                break
            self._positions = np.concatenate([self._positions, batch[0]])
            self._flags = np.concatenate([self._flags, batch[1]])
        count = int(np.searchsorted(self._positions, end))
        taken = self._positions[:count] - start, self._flags[:count]
        self._positions, self._flags = self._positions[count:], self._flags[count:]
        return taken


def _rows_at(path: Path, columns: Sequence[str], positions: Sequence[int]) -> pa.Table:
    """Read single rows, of no more row groups than hold some of them."""
    with pq.ParquetFile(path) as file:
        taken, start = [file.schema_arrow.empty_table().select(columns)], 0
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            if inside := [position - start for position in positions if start <= position < end]:
                taken.append(file.read_row_group(group, columns=list(columns)).take(inside))
            start = end
    return pa.concat_tables(taken)


def _search_all(texts: pa.ChunkedArray, patterns: pa.ChunkedArray) -> pa.Array:
    found = [
        None if text is None else _compiled(pattern).search(text) is not None
        for text, pattern in zip(texts.to_pylist(), patterns.to_pylist(), strict=True)
    ]
    return pa.array(found, pa.bool_())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
