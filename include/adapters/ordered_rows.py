"""Any number of rows in the one order that equal rows always have, in flat memory.

A small partition is sorted in memory. The rows of a larger one go through a temporary file: where they
came in order they are read from it as they are, otherwise DuckDB sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from include.core.partition import is_ordered, order_rows, plain_zeros, sort_columns

HELD_BYTES = 64 * 2**20
"""Rows up to this size are sorted in memory."""

BATCH_ROWS = 65_536


@contextmanager
def order_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: Sequence[str], work_root: Path
) -> Iterator[pa.RecordBatchReader]:
    """Give the rows of all batches in the order of `include.core.partition.order_rows`.

    All batches are taken before the block begins, so an error of theirs is raised there. What lies in
    temporary files is removed when the block ends, however it ends.

    Parameters
    ----------
    batches
        Rows of `schema` in any order, cut anyhow.
    schema
        Their columns.
    key
        The columns that order rows first.
    work_root
        Where temporary files may lie.
    """
    remaining = iter(batches)
    held, complete = _hold(remaining)
    if complete:
        yield order_rows(pa.Table.from_batches(held, schema), key).to_reader()
        return
    work_root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="order-", dir=work_root) as folder:
        path = Path(folder) / "rows.arrow"
        in_order = _store(path, chain(_release(held), remaining), schema, key)
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as rows:
            if in_order:
                yield rows
            else:
                with _sorted(rows, key, work_root) as reader:
                    yield reader


def _hold(batches: Iterator[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], bool]:
    """Take batches up to `HELD_BYTES`; say whether these were all."""
    held, size = [], 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size > HELD_BYTES:
            return held, False
    return held, True


def _release(held: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    held.reverse()
    while held:
        yield held.pop()  # so that what was written is not held any longer


def _store(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: Sequence[str]) -> bool:
    """Write rows as they come; say whether they came in order."""
    in_order, last = True, schema.empty_table()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema, options=options) as writer:
        for batch in map(plain_zeros, batches):
            writer.write_batch(batch)
            if in_order and batch.num_rows:
                rows = pa.Table.from_batches([batch], schema)
                in_order = is_ordered(pa.concat_tables([last, rows]), key)
                last = rows.slice(rows.num_rows - 1)
    return in_order


@contextmanager
def _sorted(
    rows: pa.RecordBatchReader, key: Sequence[str], work_root: Path
) -> Iterator[pa.RecordBatchReader]:
    # Here and not above: most partitions are small or come in order, and need not load DuckDB.
    from include.adapters.spilling_duckdb import open_duckdb, quoted

    order = ", ".join(f"{quoted(name)} ASC NULLS LAST" for name in sort_columns(rows.schema.names, key))
    with open_duckdb(work_root) as connection:
        connection.register("incoming", rows)
        query = f"SELECT * FROM incoming ORDER BY {order}"  # noqa: S608 - identifiers are quoted
        found = connection.sql(query).to_arrow_reader(BATCH_ROWS)
        # DuckDB names the zone of a timestamp in its own way; the cast only renames it.
        yield pa.RecordBatchReader.from_batches(rows.schema, (batch.cast(rows.schema) for batch in found))
