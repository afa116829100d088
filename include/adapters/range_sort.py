"""Sorting a file that does not fit into memory: dealt out by ranges of the key, then range by range.

A range that fits into memory is sorted there, which is several times as fast as a sort on disk; one that
does not (a value that most rows share) is left to DuckDB.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.adapters.files import named_when_full
from include.adapters.row_order import order_rows, sort_columns
from include.adapters.work_folders import work_folder

RANGES = 32
RANGE_BYTES = 64 * 2**20
"""Ranges up to this size are sorted in memory."""

SORT_MEMORY = "150MB"
BATCH_ROWS = 65_536
_SAMPLED = 64


def sorted_rows(path: Path, key: Sequence[str], work_root: Path) -> Generator[pa.RecordBatch, None, None]:
    """Yield the rows of a Parquet file in the order of `include.adapters.row_order.order_rows`.

    Parameters
    ----------
    path
        A file without negative zeros.
    key
        The columns that order rows first.
    work_root
        Where temporary files may lie: about as much as the rows take in memory.

    Raises
    ------
    DiskFullError
        Where there is no room for them.
    """
    with named_when_full(work_root), work_folder(work_root, "order-") as folder:
        for part in _deal(path, key[0], folder):
            if part.stat().st_size <= RANGE_BYTES:
                with _stream(part) as rows:
                    yield from order_rows(rows.read_all(), key).to_batches(BATCH_ROWS)
            else:
                yield from _sorted_on_disk(part, key, work_root)
            part.unlink()


def _deal(path: Path, name: str, folder: Path) -> list[Path]:
    """Put each row into the file of its range; a later range holds no row that sorts before an earlier's."""
    with pq.ParquetFile(path) as file, ExitStack() as stack:
        bounds = _bounds(file, name)
        paths = [folder / f"{number:03d}.arrow" for number in range(len(bounds) + 1)]
        writers = [
            stack.enter_context(
                pa.ipc.new_stream(stack.enter_context(pa.OSFile(str(p), "wb")), file.schema_arrow)
            )
            for p in paths
        ]
        for batch in file.iter_batches(BATCH_ROWS):
            numbers = _range_numbers(batch[name], bounds)
            dealt = batch.take(pc.array_sort_indices(pa.array(numbers)))
            counts = np.bincount(numbers, minlength=len(paths))
            for writer, count, end in zip(writers, counts.tolist(), counts.cumsum().tolist(), strict=True):
                if count:
                    writer.write_batch(dealt.slice(end - count, count))
    return paths


def _bounds(file: pq.ParquetFile, name: str) -> pa.Array:
    """Return values, ascending, that cut the file's rows into about `RANGES` equal parts."""
    batches = file.iter_batches(BATCH_ROWS, columns=[name])
    sampled = [batch[name].take(pa.array(np.arange(0, batch.num_rows, _SAMPLED))) for batch in batches]
    values = pa.concat_arrays([values.drop_null() for values in sampled])
    ordered = values.take(pc.array_sort_indices(values))
    picked = np.linspace(0, len(ordered), RANGES, endpoint=False, dtype=np.int64)[1:]
    return ordered.take(pa.array(picked)).unique() if len(ordered) else ordered


def _range_numbers(column: pa.Array, bounds: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return for each value how many bounds do not sort after it; missing values and NaN sort last."""
    numbers = np.zeros(len(column), dtype=np.int8)
    for bound in bounds:
        reached = pc.fill_null(pc.greater_equal(column, bound), fill_value=True)
        numbers += reached.to_numpy(zero_copy_only=False)
    if pa.types.is_floating(column.type):
        numbers[pc.fill_null(pc.is_nan(column), fill_value=False).to_numpy(zero_copy_only=False)] = len(
            bounds
        )
    return numbers


@contextmanager
def _stream(path: Path) -> Iterator[pa.RecordBatchReader]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as rows:
        yield rows


def _sorted_on_disk(path: Path, key: Sequence[str], work_root: Path) -> Iterator[pa.RecordBatch]:
    # Here and not above: most ranges fit into memory, and DuckDB takes its time to load.
    from include.adapters.spilling_duckdb import open_duckdb, quoted

    with _stream(path) as rows, open_duckdb(work_root, SORT_MEMORY) as connection:
        columns = sort_columns(rows.schema.names, key)
        order = ", ".join(f"{quoted(name)} ASC NULLS LAST" for name in columns)
        connection.register("range_rows", rows)
        query = f"SELECT * FROM range_rows ORDER BY {order}"  # noqa: S608 - identifiers are quoted
        for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
            yield batch.cast(rows.schema)  # DuckDB names the zone of a timestamp in its own way
