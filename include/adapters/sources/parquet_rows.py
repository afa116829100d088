"""The rows of a Parquet file that others wrote, as a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.arrow_casts import cast_array
from include.adapters.parquet_files import read_batches
from include.adapters.sources.file_rows import Found, empty_batch, missing_columns, typed_batch
from include.errors import SourceError, name_some
from include.specs import DatasetSpec

_BATCH_ROWS = 10_000


def read_parquet(
    file: BinaryIO, where: str, spec: DatasetSpec, optional: list[str]
) -> Iterator[tuple[pa.RecordBatch, Found]]:
    """Yield the rows of one file, a part of a row group at a time.

    Parameters
    ----------
    file
        The file's bytes.
    where
        Names it in errors.
    spec
        Names columns and types; other columns are not read.
    optional
        Columns that are missing in all rows where the file does not have them.

    Raises
    ------
    SourceError
        Where the file is not whole, lacks a column, or a value does not fit.
    """
    try:
        yield from _read(file, where, spec, optional)
    # An outage was told by the file itself; a damaged name of a column is no text.
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"it is not a whole Parquet file: {' '.join(str(error).split())[:200]}",
            where=where,
            next_step="have the file written again, and renamed into its place once it is whole",
        ) from error


def _read(
    file: BinaryIO, where: str, spec: DatasetSpec, optional: list[str]
) -> Iterator[tuple[pa.RecordBatch, Found]]:
    with pq.ParquetFile(pa.PythonFile(file, mode="r")) as parquet:
        schema = parquet.schema_arrow
        wanted = [name for name in schema.names if name in spec.columns]
        if twice := sorted({name for name in wanted if wanted.count(name) > 1}):
            raise SourceError(
                f"column {name_some(twice)} is there twice",
                where=where,
                next_step="have each column of the spec written once, under a name of its own",
            )
        needed = [name for name in spec.columns if name not in optional] if wanted else list(spec.columns)
        if missing := [name for name in needed if name not in wanted]:
            raise missing_columns(missing, schema.names, where, spec)
        found = {field.name: str(field.type) for field in schema}
        yield empty_batch(spec), found  # what was found is known even if the first value is refused
        done = 0
        for batch in read_batches(parquet, _BATCH_ROWS, wanted, use_threads=False):
            columns = {name: batch[name] for name in wanted}
            yield typed_batch(spec, columns, cast_array, where, done), found
            done += batch.num_rows
