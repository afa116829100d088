"""Disks without room: real ones, small file systems in memory that are mounted for a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from include.adapters import ordered_rows
from include.adapters.spilling_duckdb import open_duckdb
from include.contracts import PartitionRef
from include.errors import DiskFullError
from include.settings import Settings
from include.steps import ingest_partition
from tests.support.sources import DAY, all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs

pytestmark = pytest.mark.integration

ROWS = 40_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """More rows than the small disk has room for, not in order, and treated as more than fits into memory."""
    url = sqlite_url(tmp_path)
    put_stays(url, [stay(n * 7919 % ROWS, guest=sha256(str(n).encode()).hexdigest()) for n in range(ROWS)])
    return inn_settings(tmp_path, url)


@pytest.fixture(autouse=True)
def out_of_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_rows, "HELD_BYTES", -1)


def ingest(settings: Settings) -> PartitionRef:
    return ingest_partition.run(settings, stays_specs(), "stays", DAY)


def test_a_lake_without_room_keeps_nothing_and_a_retry_elsewhere_works(
    settings: Settings, small_disk: Path
) -> None:
    full = settings.model_copy(update={"lake_root": small_disk})
    with pytest.raises(DiskFullError, match=rf"{small_disk}/stays/2017-03-01/raw: no room.*Next: make room"):
        ingest(full)
    assert all_files(small_disk) == {}
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert ingest(full).rows == ROWS
    assert ingest(full).content_sha256 == ingest(settings).content_sha256


def test_a_work_folder_without_room_is_named(settings: Settings, small_disk: Path) -> None:
    with pytest.raises(DiskFullError, match=rf"{small_disk}: no room"):
        ingest(settings.model_copy(update={"work_root": small_disk}))
    assert all_files(settings.lake_root) == {}
    assert all_files(small_disk) == {}
    assert ingest(settings).rows == ROWS


def test_a_database_that_cannot_spill_says_so(small_disk: Path) -> None:
    rows = "SELECT hash(n)::VARCHAR AS text FROM range(500_000) t(n) ORDER BY text"

    def sort() -> None:
        with open_duckdb(small_disk, "10MB") as connection:
            connection.execute(f"CREATE TABLE sorted AS {rows}")

    with pytest.raises(DiskFullError, match=rf"{small_disk}: no room"):
        sort()
    assert all_files(small_disk) == {}
