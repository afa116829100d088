"""What DuckDB runs out of has a name, whether it says so itself or Arrow does while rows stream."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from include.adapters.spilling_duckdb import open_duckdb
from include.errors import DiskFullError, MemoryLimitError, PerennialError

Ask = Callable[[duckdb.DuckDBPyConnection, str], None]


def stream(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    for _ in connection.sql(query).to_arrow_reader(10_000):
        pass


def run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(f"CREATE TABLE found AS {query}")


@pytest.mark.parametrize("ask", [run, stream])
def test_work_that_cannot_spill_names_its_limit(ask: Ask, tmp_path: Path) -> None:
    query = "SELECT list(repeat('x', 1000) || range) FROM range(100000)"
    with (
        pytest.raises(MemoryLimitError, match="more than the 20MB of memory"),
        open_duckdb(tmp_path, "20MB") as connection,
    ):
        ask(connection, query)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@pytest.mark.parametrize("ask", [run, stream])
def test_spilled_rows_without_room_name_the_disk(ask: Ask, tmp_path: Path) -> None:
    query = "SELECT hash(range) AS h, repeat('x', 200) || range AS s FROM range(300000) ORDER BY h"
    with (  # noqa: PT012 - the limit is no part of what raises
        pytest.raises(DiskFullError, match="no room is left"),
        open_duckdb(tmp_path, "30MB") as connection,
    ):
        connection.execute("SET max_temp_directory_size = '1MB'")
        ask(connection, query)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        pytest.param("Out of Memory Error: failed to allocate 8 MiB", MemoryLimitError, id="memory"),
        pytest.param("IO Error: could not write: No space left on device", DiskFullError, id="disk"),
    ],
)
def test_what_arrow_repeats_is_named_too(said: str, named: type[PerennialError], tmp_path: Path) -> None:
    with pytest.raises(named), open_duckdb(tmp_path):
        raise OSError(said)  # as pyarrow does where a result fails after its first rows


def test_an_error_of_the_system_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), open_duckdb(tmp_path):
        raise PermissionError(errno.EACCES, "No space left for you")
