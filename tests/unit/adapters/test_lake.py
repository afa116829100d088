from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.lake import Lake
from include.adapters.lake_manifests import RawManifest
from include.errors import ConcurrentWriteError, IntegrityError
from tests.support.partitions import commit_clean
from tests.support.sources import all_files

DAY = date(2017, 3, 1)
COLUMNS = {"stay_id": "integer", "made_at": "timestamp"}
SCHEMA = pa.schema([("stay_id", pa.int64()), ("made_at", pa.timestamp("us", tz="UTC"))])


def rows(*ids: int) -> pa.Table:
    return pa.table({"stay_id": list(ids), "made_at": [0] * len(ids)}, schema=SCHEMA)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def commit_raw(lake: Lake, *ids: int, **options: Any) -> RawManifest:
    return lake.commit_raw("stays", DAY, rows(*ids), COLUMNS, {"table": "stays"}, **options)


def test_what_was_written_is_read(lake: Lake) -> None:
    manifest = commit_raw(lake, 1, 2, 3)
    assert manifest.revision == 1
    assert manifest.rows == 3
    assert manifest.columns == COLUMNS
    assert lake.raw_manifest("stays", DAY) == manifest
    assert lake.read_raw(manifest).equals(rows(1, 2, 3))


def test_an_empty_partition_keeps_its_schema(lake: Lake) -> None:
    assert lake.read_raw(commit_raw(lake)).schema == SCHEMA


def test_equal_rows_add_no_file(lake: Lake, tmp_path: Path) -> None:
    first = commit_raw(lake, 1, 2)
    before = all_files(tmp_path)
    assert commit_raw(lake, 1, 2) == first
    assert all_files(tmp_path) == before


def test_changed_rows_are_a_new_revision_and_the_old_one_stays(lake: Lake) -> None:
    first = commit_raw(lake, 1)
    second = commit_raw(lake, 1, 2)
    third = commit_raw(lake, 1)
    assert [m.revision for m in (first, second, third)] == [1, 2, 3]
    assert lake.raw_manifest("stays", DAY) == third
    assert lake.read_raw(second).num_rows == 2


def test_a_writer_overtaken_by_other_rows_is_told(lake: Lake) -> None:
    commit_raw(lake, 1, after=0)
    with pytest.raises(ConcurrentWriteError):
        commit_raw(lake, 2, after=0)
    assert commit_raw(lake, 1, after=0).revision == 1


def test_of_many_writers_one_wins(lake: Lake) -> None:
    def attempt(number: int) -> bool:
        try:
            commit_raw(lake, number, after=0)
        except ConcurrentWriteError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(24)))
    assert won.count(True) == 1
    manifest = lake.raw_manifest("stays", DAY)
    assert manifest is not None
    assert lake.read_raw(manifest).equals(rows(won.index(True)))


def test_damaged_bytes_are_never_read(lake: Lake) -> None:
    manifest = commit_raw(lake, 1)
    pq.write_table(rows(2), lake.raw_path(manifest))
    with pytest.raises(IntegrityError, match="not those recorded"):
        lake.read_raw(manifest)
    lake.raw_path(manifest).unlink()
    with pytest.raises(IntegrityError, match="missing"):
        lake.read_raw(manifest)


def test_committing_again_mends_a_damaged_file(lake: Lake) -> None:
    manifest = commit_raw(lake, 1)
    lake.raw_path(manifest).write_bytes(b"rust")
    assert commit_raw(lake, 1) == manifest
    assert lake.read_raw(manifest).equals(rows(1))


def test_clean_and_quarantined_rows_lie_side_by_side(lake: Lake) -> None:
    raw = commit_raw(lake, 1, 2, 3)
    manifest = commit_clean(lake, raw, rows(1, 3), rows(2), warned_rows=1)
    assert (manifest.rows, manifest.quarantined_rows, manifest.warned_rows) == (2, 1, 1)
    assert manifest.raw_sha256 == raw.content_sha256
    assert lake.clean_manifest("stays", DAY) == manifest
    assert lake.read_clean(manifest).equals(rows(1, 3))
    quarantine = lake.read_quarantine(manifest)
    assert quarantine is not None
    assert quarantine.equals(rows(2))
    assert lake.is_intact(manifest)


def test_hashes_are_those_of_the_file(lake: Lake) -> None:
    manifest = commit_clean(lake, commit_raw(lake, 1), rows(1), rows())
    data = lake.clean_path(manifest).read_bytes()
    assert manifest.content_sha256 == sha256(data).hexdigest()
    assert manifest.content_md5 == md5(data, usedforsecurity=False).hexdigest()


def test_an_empty_quarantine_has_no_file(lake: Lake) -> None:
    manifest = commit_clean(lake, commit_raw(lake, 1), rows(1), rows())
    assert lake.quarantine_path(manifest) is None
    assert lake.read_quarantine(manifest) is None
    assert [p.name for p in lake.clean_path(manifest).parent.glob("*.parquet")] == [
        f"{manifest.content_sha256}.parquet"
    ]


def test_an_equal_verdict_adds_no_revision_and_another_one_does(lake: Lake) -> None:
    raw = commit_raw(lake, 1)
    first = commit_clean(lake, raw, rows(1), rows())
    assert commit_clean(lake, raw, rows(1), rows()) == first
    assert commit_clean(lake, raw, rows(1), rows(), contract_sha256="d").revision == 2


@pytest.mark.parametrize("side", ["clean_path", "quarantine_path"])
def test_a_damaged_file_is_not_intact(lake: Lake, side: str) -> None:
    manifest = commit_clean(lake, commit_raw(lake, 1, 2), rows(1), rows(2))
    getattr(lake, side)(manifest).write_bytes(b"rust")
    assert not lake.is_intact(manifest)


def test_a_range_lists_clean_partitions_in_order(lake: Lake) -> None:
    days = [date(2017, 3, 3), date(2017, 3, 1)]
    for day in days:
        raw = lake.commit_raw("stays", day, rows(1), COLUMNS, {})
        commit_clean(lake, raw, rows(1), rows())
    lake.commit_raw("stays", date(2017, 3, 2), rows(1), COLUMNS, {})
    found = lake.clean_manifests("stays", date(2017, 3, 1), date(2017, 3, 4))
    assert [m.ds for m in found] == sorted(days)
