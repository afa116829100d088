"""Reading a whole range of days from a SQL source at once, and doing something right after a read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa
import pytest

from include.adapters.sources.sql import SqlReader, open_sql
from include.specs import DatasetSpec


def read_rows(url: str, spec: DatasetSpec, first: date, last_exclusive: date) -> pa.Table:
    with open_sql(url, spec) as source:
        return pa.Table.from_batches(source.read(first, last_exclusive), source.schema)


def count_rows(url: str, spec: DatasetSpec, first: date, last_exclusive: date) -> int | None:
    with open_sql(url, spec) as source:
        return source.count_rows(first, last_exclusive)


def after_the_first_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let the next read of any SQL source end with `act`, as if another run had been quicker."""
    read = SqlReader.read

    def read_slowly(source: SqlReader, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        yield from list(read(source, first, last_exclusive))
        monkeypatch.setattr(SqlReader, "read", read)
        act()

    monkeypatch.setattr(SqlReader, "read", read_slowly)
