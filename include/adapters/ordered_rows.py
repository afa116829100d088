"""Any number of rows in the one order that equal rows always have, in flat memory.

A small partition is sorted in memory. Of a larger one the first rows are looked at. If they stand in order,
rows are written as they come, and that is the file; should one come out of order later, it is sorted into
another one. If they do not, rows are dealt out by ranges of the key while they come.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

import pyarrow as pa

from include.adapters.parquet_files import ParquetDraft, draft_parquet
from include.adapters.range_sort import sample_of, sorted_batches, sorted_rows
from include.adapters.read_ahead import read_ahead
from include.adapters.row_order import is_ordered, order_rows, plain_zeros

HELD_BYTES = 64 * 2**20
"""Rows up to this size are sorted in memory."""


@contextmanager
def draft_in_order(
    folder: Path,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    key: Sequence[str],
    work_root: Path,
) -> Iterator[ParquetDraft]:
    """Give a draft in `folder` that holds all rows in the order of `include.adapters.row_order.order_rows`.

    All batches are taken before the block begins, so an error of theirs is raised there. A draft that is
    not kept is gone when the block ends, and temporary files are in any case.

    Parameters
    ----------
    folder
        Where the draft may be kept.
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
    with draft_parquet(folder, schema) as draft:
        if complete:
            draft.write(order_rows(pa.Table.from_batches(held, schema), key))
            yield draft
        elif not is_ordered(plain_zeros(pa.Table.from_batches(held, schema)), key):
            sample = sample_of(batch[key[0]] for batch in held)
            coming = map(plain_zeros, chain(_release(held), remaining))
            _write(draft, sorted_batches(coming, schema, sample, key, work_root))
            yield draft
        elif _write_as_they_come(draft, chain(_release(held), remaining), key):
            yield draft
        else:
            draft.finish()
            with draft_parquet(folder, schema) as ordered:
                _write(ordered, sorted_rows(draft.path, key, work_root))
                draft.discard()
                yield ordered


def _write(draft: ParquetDraft, rows: Generator[pa.RecordBatch, None, None]) -> None:
    """Write batches that a thread sorts meanwhile."""
    with closing(rows), closing(read_ahead(rows, 2)) as sorted_ahead:
        for batch in sorted_ahead:
            draft.write(batch)


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


def _write_as_they_come(draft: ParquetDraft, batches: Iterable[pa.RecordBatch], key: Sequence[str]) -> bool:
    """Write all rows; say whether they came in order."""
    in_order, last = True, draft.schema.empty_table()
    for batch in map(plain_zeros, batches):
        draft.write(batch)
        if in_order and batch.num_rows:
            rows = pa.Table.from_batches([batch], draft.schema)
            in_order = is_ordered(pa.concat_tables([last, rows]), key)
            last = rows.slice(rows.num_rows - 1)
    return in_order
