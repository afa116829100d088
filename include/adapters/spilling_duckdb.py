"""DuckDB for work that may be larger than memory: a bounded share of it, and a folder to spill to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

MEMORY = "300MB"
THREADS = 2


@contextmanager
def open_duckdb(
    work_root: Path, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory whose temporary files lie in a folder below `work_root`, gone afterwards.

    Two processes must not share such a folder: the files have the same names in each.
    """
    work_root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="spill-", dir=work_root) as folder:
        limits = {"memory_limit": memory, "threads": threads, "temp_directory": folder}
        with duckdb.connect(config=limits) as connection:
            yield connection


def quoted(identifier: str) -> str:
    """Return a name as DuckDB's SQL takes it, whatever its characters."""
    return '"' + identifier.replace('"', '""') + '"'
