"""DuckDB for work that may be larger than memory: a bounded share of it, and a folder to spill to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from include.adapters.files import disk_full, named_when_full
from include.adapters.work_folders import work_folder
from include.errors import DiskFullError, MemoryLimitError

MEMORY = "300MB"
THREADS = 2

# DuckDB reports both that a write failed and that it kept within the room it found when it began.
_NO_ROOM = re.compile(r"No space left|max_temp_directory_size")
_NO_MEMORY = re.compile(r"^Out of Memory Error")


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
    MemoryLimitError
        Where a step of the work cannot spill, and takes more than `memory`.
    """
    with named_when_full(work_root), work_folder(work_root, "spill-") as folder:
        limits = {"memory_limit": memory, "threads": threads, "temp_directory": str(folder)}
        try:
            with duckdb.connect(config=limits) as connection:
                yield connection
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            named = _named(error, work_root, memory)
            if named is None:
                raise
            raise named from error


def _named(error: Exception, work_root: Path, memory: str) -> DiskFullError | MemoryLimitError | None:
    """Find out what DuckDB ran out of; while rows stream out of it, Arrow says so in its words."""
    if isinstance(error, OSError) and error.errno is not None:
        return None  # the operating system's own, of whatever else is done meanwhile
    if _NO_ROOM.search(str(error)):
        return disk_full(work_root)
    if not _NO_MEMORY.search(str(error)):
        return None
    return MemoryLimitError(
        f"DuckDB needs more than the {memory} of memory it may take",
        where=str(error).splitlines()[0],
        next_step="cut the rows into smaller partitions, or report their columns as a bug of this project",
    )


def quoted(identifier: str) -> str:
    """Return a name as DuckDB's SQL takes it, whatever its characters."""
    return '"' + identifier.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return a text as an SQL literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
