"""Sorting a file that does not fit into memory: dealt out by ranges of the key, then range by range.

A range that fits into memory is sorted there, which is several times as fast as a sort on disk; one that
does not is dealt out again, and at last (a value that most rows share) left to DuckDB.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.adapters.files import named_when_full
from include.adapters.parquet_files import read_batches
from include.adapters.row_order import order_rows, sort_columns
from include.adapters.work_folders import work_folder

RANGES = 32
RANGE_BYTES = 64 * 2**20
"""Ranges up to this size are sorted in memory."""

SORT_MEMORY = "150MB"
BATCH_ROWS = 65_536
BUFFER_BYTES = 2**18
_SAMPLED = 64
_DEALS = 3
"""After so many deals a range that is still too large is sorted on disk."""


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
    with pq.ParquetFile(path) as file:
        sample = sample_of(batch[key[0]] for batch in read_batches(file, BATCH_ROWS, [key[0]]))
        batches = read_batches(file, BATCH_ROWS)
        yield from sorted_batches(batches, file.schema_arrow, sample, key, work_root)


def sorted_batches(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    sample: pa.Array,
    key: Sequence[str],
    work_root: Path,
    dealt_before: int = 0,
) -> Generator[pa.RecordBatch, None, None]:
    """Yield the rows of any number of batches in order; all are taken before the first is yielded.

    Parameters
    ----------
    batches
        Rows of `schema` without negative zeros.
    schema
        Their columns.
    sample
        Some values of the first key column, which say where to cut. Rows that lie otherwise cost time.
    key, work_root
        As for `sorted_rows`.
    dealt_before
        How often these rows were dealt out already.

    Raises
    ------
    DiskFullError
        Where there is no room for them.
    """
    with named_when_full(work_root), work_folder(work_root, "order-") as folder:
        for part in _deal(batches, schema, _bounds(sample), key[0], folder):
            yield from _sorted_part(part, key, work_root, dealt_before + 1)
            part.unlink()


def sample_of(columns: Iterable[pa.Array]) -> pa.Array:
    """Take every sixty-fourth value that is not missing."""
    sampled = [values.take(pa.array(np.arange(0, len(values), _SAMPLED))) for values in columns]
    return pa.concat_arrays([values.drop_null() for values in sampled]) if sampled else pa.nulls(0)


def _sorted_part(
    part: Path, key: Sequence[str], work_root: Path, dealt_before: int
) -> Iterator[pa.RecordBatch]:
    if part.stat().st_size <= RANGE_BYTES:
        with _stream(part) as rows:
            yield from order_rows(rows.read_all(), key).to_batches(BATCH_ROWS)
        return
    with _stream(part) as rows:
        sample = sample_of(batch[key[0]] for batch in rows)
    if dealt_before < _DEALS and len(_bounds(sample)) > 1:
        with _stream(part) as rows:
            yield from sorted_batches(rows, rows.schema, sample, key, work_root, dealt_before)
    else:
        yield from _sorted_on_disk(part, key, work_root)


def _deal(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, bounds: pa.Array, name: str, folder: Path
) -> list[Path]:
    """Put each row into the file of its range; a later range holds no row that sorts before an earlier's."""
    paths = [folder / f"{number:03d}.arrow" for number in range(len(bounds) + 1)]
    with ExitStack() as stack:
        files = [stack.enter_context(pa.OSFile(str(path), "wb")) for path in paths]
        # A batch is many small writes: a column is two or three.
        sinks = [stack.enter_context(pa.BufferedOutputStream(file, BUFFER_BYTES)) for file in files]
        writers = [stack.enter_context(pa.ipc.new_stream(sink, schema)) for sink in sinks]
        for batch in batches:
            numbers = _range_numbers(batch[name], bounds)
            dealt = batch.take(pc.array_sort_indices(pa.array(numbers)))
            counts = np.bincount(numbers, minlength=len(paths))
            for writer, count, end in zip(writers, counts.tolist(), counts.cumsum().tolist(), strict=True):
                if count:
                    writer.write_batch(dealt.slice(end - count, count))
    return paths


def _bounds(sample: pa.Array) -> pa.Array:
    """Return values, ascending, that cut a sample into about `RANGES` equal parts."""
    ordered = sample.take(pc.array_sort_indices(sample))
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
