"""Parquet files that are written as rows come in, and have no name until they are whole.

Equal rows in equal order give equal bytes, however they are cut into batches on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.adapters.files import flush_file, flush_folder, named_when_full

ROW_GROUP_ROWS = 131_072
"""Rows held in memory at a time, and what a reader may take at a time."""


@dataclass(frozen=True)
class FileFacts:
    """What a finished file holds."""

    rows: int
    size_bytes: int
    sha256: str
    md5: str


class ParquetDraft:
    """A Parquet file that is being written; `draft_parquet` makes one."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema.remove_metadata()
        self._sink = _HashingFile(path)
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._rows = 0

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add rows of the draft's schema."""
        for batch in rows.to_batches() if isinstance(rows, pa.Table) else [rows]:
            self._add(batch)

    def finish(self) -> FileFacts:
        """Write what is left; the file is whole when this returns."""
        if self._held_rows or not self._rows:
            self._flush(self._held_rows)
        if self._writer is not None:
            self._writer.close()
        self._sink.finish()
        return FileFacts(self._rows, self._sink.size_bytes, self._sink.sha256, self._sink.md5)

    def keep_as(self, path: Path) -> None:
        """Give the finished file its name; readers see nothing or all of it, and it is on disk then."""
        path.parent.mkdir(parents=True, exist_ok=True)
        flush_file(self.path)  # and not before: most drafts of a repeated run are not kept
        self.path.replace(path)
        flush_folder(path.parent)

    def discard(self) -> None:
        """Remove what was not kept."""
        self._sink.abandon()
        if self._writer is not None:
            self._writer.close()  # it would write its footer when it is collected, then without an owner
        self.path.unlink(missing_ok=True)

    def _add(self, batch: pa.RecordBatch) -> None:
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, ROW_GROUP_ROWS - self._held_rows)
            self._held.append(piece)
            self._held_rows += piece.num_rows
            start += piece.num_rows
            if self._held_rows == ROW_GROUP_ROWS:
                self._flush(ROW_GROUP_ROWS)

    def _flush(self, rows: int) -> None:
        group = pa.Table.from_batches(self._held, self.schema).combine_chunks()
        self._held, self._held_rows = [], 0
        if self._writer is None:
            self._writer = self._open(group)
        self._writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
        self._rows += rows

    def _open(self, first: pa.Table) -> pq.ParquetWriter:
        # Every option that shapes the bytes is said here, so that no default decides them.
        return pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), self.schema, compression="zstd", compression_level=3,
            version="2.6", data_page_version="1.0", use_dictionary=_repeating(first), write_statistics=True,
        )  # fmt: skip


def _repeating(rows: pa.Table) -> list[str]:
    """Name the columns whose values repeat: a dictionary of others costs time and room for nothing."""
    return [name for name, column in zip(rows.column_names, rows.columns, strict=True) if _repeats(column)]


def _repeats(column: pa.ChunkedArray) -> bool:
    if pa.types.is_null(column.type) or pa.types.is_nested(column.type):  # Arrow does not count these
        return True
    return bool(2 * pc.count_distinct(column).as_py() <= len(column))


@contextmanager
def draft_parquet(folder: Path, schema: pa.Schema) -> Iterator[ParquetDraft]:
    """Give a draft in a folder; what is not kept by the end of the block is gone.

    Of a process killed in the block a hidden file remains that no reader looks at.

    Raises
    ------
    DiskFullError
        Where the disk has no room for it.
    """
    with named_when_full(folder):
        folder.mkdir(parents=True, exist_ok=True)
        draft = ParquetDraft(folder / f".draft-{uuid4().hex}.tmp", schema)
        try:
            yield draft
        finally:
            draft.discard()


def read_batches(
    file: pq.ParquetFile, batch_rows: int, columns: Sequence[str] | None = None, *, use_threads: bool = True
) -> Iterator[pa.RecordBatch]:
    """Read a file's rows in order, in flat memory.

    A row group after the other: one reader over all of them keeps what it read until it ends.
    """
    wanted = None if columns is None else list(columns)
    for group in range(file.num_row_groups):
        yield from file.iter_batches(batch_rows, row_groups=[group], columns=wanted, use_threads=use_threads)


class _HashingFile:
    """A file that knows the hashes of what was written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    @property
    def closed(self) -> bool:
        return False  # of the writer's concern: what it writes after `abandon` goes nowhere

    def write(self, data: bytes) -> int:
        if self._file.closed:  # abandoned: nobody will read it
            return len(data)
        self._sha256.update(data)
        self._md5.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.size_bytes

    def flush(self) -> None:
        """Nothing: `finish` flushes."""

    def close(self) -> None:
        """Nothing: `finish` and `abandon` close."""

    def finish(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.close()
