from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from include.adapters.lake_manifests import RawManifest, clean_manifest, raw_log
from include.errors import ConcurrentWriteError, IntegrityError

DAY = date(2017, 3, 1)


def manifest(ds: date = DAY, revision: int = 1, rows: int = 3) -> RawManifest:
    return RawManifest(
        dataset="stays", ds=ds, revision=revision, rows=rows, content_sha256="ab", columns={}, source={}
    )


def test_a_partition_never_written_has_no_manifest(tmp_path: Path) -> None:
    assert raw_log(tmp_path).current("stays", DAY) is None
    assert clean_manifest(tmp_path, "stays", DAY) is None


def test_the_highest_revision_is_current(tmp_path: Path) -> None:
    log = raw_log(tmp_path)
    for revision in (1, 2, 9999, 10000):
        log.append(manifest(revision=revision, rows=revision))
    assert log.current("stays", DAY) == manifest(revision=10000, rows=10000)


def test_later_revisions_come_oldest_first(tmp_path: Path) -> None:
    log = raw_log(tmp_path)
    assert log.later_revisions("stays", DAY) == []
    for revision in (1, 2, 10):
        log.append(manifest(revision=revision))
    assert [found.revision for found in log.later_revisions("stays", DAY)] == [2, 10]


def test_a_revision_is_recorded_once(tmp_path: Path) -> None:
    log = raw_log(tmp_path)
    log.append(manifest(rows=3))
    with pytest.raises(ConcurrentWriteError):
        log.append(manifest(rows=4))
    assert log.current("stays", DAY) == manifest(rows=3)


def test_leftovers_of_a_killed_writer_are_not_revisions(tmp_path: Path) -> None:
    log = raw_log(tmp_path)
    log.append(manifest())
    (log.folder("stays", DAY) / ".0002.json.0af3.tmp").write_text("{")
    assert log.current("stays", DAY) == manifest()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="torn"),
        pytest.param(manifest(revision=7).model_dump_json(), id="another revision's"),
        pytest.param(manifest(ds=date(2017, 3, 2)).model_dump_json(), id="another day's"),
    ],
)
def test_a_file_that_is_no_manifest_of_the_partition_is_refused(tmp_path: Path, text: str) -> None:
    log = raw_log(tmp_path)
    log.append(manifest())
    path = log.folder("stays", DAY) / "0001.json"
    path.write_text(text)
    with pytest.raises(IntegrityError, match=r"0001\.json"):
        log.current("stays", DAY)


def test_a_range_lists_its_days_in_order(tmp_path: Path) -> None:
    log = raw_log(tmp_path)
    days = [date(2017, 2, 28), date(2017, 3, 2), date(2017, 3, 1), date(2017, 3, 9)]
    for day in days:
        log.append(manifest(ds=day))
    (tmp_path / "stays" / "lost+found").mkdir()
    found = log.currents("stays", date(2017, 2, 28), date(2017, 3, 9))
    assert [m.ds for m in found] == [date(2017, 2, 28), date(2017, 3, 1), date(2017, 3, 2)]
    assert log.currents("unknown", days[0], days[1]) == []


def test_polling_a_manifest_loads_no_heavy_library() -> None:
    heavy = "{'pandas', 'numpy', 'pyarrow', 'duckdb', 'sqlalchemy', 'great_expectations'}"
    code = f"import sys, include.adapters.lake_manifests; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
