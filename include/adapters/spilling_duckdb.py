"""DuckDB for work that may be larger than memory: a bounded share of it, and a folder to spill to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from include.adapters.files import disk_full, named_when_full
from include.adapters.work_folders import work_folder

MEMORY = "300MB"
THREADS = 2

# DuckDB reports both that a write failed and that it kept within the room it found when it began.
_NO_ROOM = re.compile(r"No space left|max_temp_directory_size")


@contextmanager
def open_duckdb(
    work_root: Path, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory whose temporary files lie in a folder below `work_root`, gone afterwards.

    Two processes must not share such a folder: the files have the same names in each.

    Raises
    ------
    DiskFullError
        Where the rows fit neither into memory nor into the folder.
    """
    with named_when_full(work_root), work_folder(work_root, "spill-") as folder:
        limits = {"memory_limit": memory, "threads": threads, "temp_directory": str(folder)}
        try:
            with duckdb.connect(config=limits) as connection:
                yield connection
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            if not _NO_ROOM.search(str(error)):
                raise
            raise disk_full(work_root) from error


def quoted(identifier: str) -> str:
    """Return a name as DuckDB's SQL takes it, whatever its characters."""
    return '"' + identifier.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return a text as an SQL literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
