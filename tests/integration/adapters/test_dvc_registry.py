"""Snapshots against real git and real DVC."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from include.adapters.dvc_listing import TrackedFile, build_listings, content_hash
from include.adapters.dvc_reader import open_snapshot
from include.adapters.dvc_registry import FrozenSnapshot, create_registry, freeze
from include.contracts import SnapshotRef
from include.errors import IntegrityError, SourceUnavailableError

pytestmark = pytest.mark.integration


@pytest.fixture
def registry(tmp_path: Path) -> str:
    create_registry(tmp_path / "registry.git", tmp_path / "storage")
    return str(tmp_path / "registry.git")


def tracked(folder: Path, name: str, content: bytes) -> TrackedFile:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{len(content)}"
    path.write_bytes(content)
    return TrackedFile(path, hashlib.md5(content, usedforsecurity=False).hexdigest())


def two_datasets(folder: Path, days: int, salt: str = "") -> dict[str, dict[str, TrackedFile]]:
    return {
        dataset: {
            f"2017-03-{day:02d}.parquet": tracked(
                folder, f"{dataset}{day}{salt}", f"{dataset} {day}{salt}".encode()
            )
            for day in range(1, days + 1)
        }
        for dataset in ("bookings", "outcomes")
    }


def freeze_all(registry: str, files: dict[str, dict[str, TrackedFile]], work: Path) -> FrozenSnapshot:
    oids = {name: listing.oid for name, listing in build_listings(files).items()}
    return freeze(registry, files, f"demo/2017-03-31-{content_hash(oids)[:8]}", "Freeze", work)


def reference(frozen: FrozenSnapshot) -> SnapshotRef:
    return SnapshotRef(
        model="demo",
        as_of=date(2017, 4, 1),
        tag=frozen.tag,
        commit=frozen.commit,
        content_hash=frozen.content_hash,
        listings=frozen.listings,
        partitions=1,
        rows=1,
    )


def test_the_same_files_give_the_same_tag_and_commit(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 3)
    first = freeze_all(registry, files, tmp_path / "work")
    freeze_all(registry, two_datasets(tmp_path / "lake", 4), tmp_path / "work")
    again = freeze_all(registry, files, tmp_path / "work")
    assert (again.tag, again.commit, again.content_hash) == (first.tag, first.commit, first.content_hash)
    assert (first.new_objects, again.new_objects) == (6, 0)


def test_a_grown_snapshot_writes_only_what_is_new(registry: str, tmp_path: Path) -> None:
    freeze_all(registry, two_datasets(tmp_path / "lake", 3), tmp_path / "work")
    grown = freeze_all(registry, two_datasets(tmp_path / "lake", 4), tmp_path / "work")
    assert grown.new_objects == 2


def test_the_listing_holds_exactly_the_given_files(registry: str, tmp_path: Path) -> None:
    freeze_all(registry, two_datasets(tmp_path / "lake", 5), tmp_path / "work")
    smaller = freeze_all(registry, two_datasets(tmp_path / "lake", 2), tmp_path / "work")
    with open_snapshot(registry, reference(smaller), tmp_path / "work") as snapshot:
        assert sorted(snapshot.paths("bookings")) == ["2017-03-01.parquet", "2017-03-02.parquet"]


def test_the_dvc_command_line_gets_the_same_bytes(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 3)
    frozen = freeze_all(registry, files, tmp_path / "work")
    freeze_all(registry, two_datasets(tmp_path / "lake", 5), tmp_path / "work")
    private = {
        f"DVC_{kind}_DIR": str(tmp_path / kind) for kind in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")
    }
    subprocess.run(
        [sys.executable, "-m", "dvc", "get", registry, "bookings", "--rev", frozen.tag, "-o", "got"],
        cwd=tmp_path,
        env={**os.environ, **private, "DVC_NO_ANALYTICS": "1", "TMPDIR": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    got = {path.name: path.read_bytes() for path in (tmp_path / "got").iterdir()}
    assert got == {name: file.path.read_bytes() for name, file in files["bookings"].items()}


def test_reading_gives_the_bytes_that_were_frozen(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 3)
    frozen = freeze_all(registry, files, tmp_path / "work")
    with open_snapshot(registry, reference(frozen), tmp_path / "work") as snapshot:
        read = {name: path.read_bytes() for name, path in snapshot.paths("outcomes").items()}
    assert read == {name: file.path.read_bytes() for name, file in files["outcomes"].items()}


def test_nothing_temporary_is_left(registry: str, tmp_path: Path) -> None:
    frozen = freeze_all(registry, two_datasets(tmp_path / "lake", 2), tmp_path / "work")
    with open_snapshot(registry, reference(frozen), tmp_path / "work") as snapshot:
        snapshot.paths("bookings")
    assert list((tmp_path / "work").iterdir()) == []


def test_racing_writers_all_succeed(registry: str, tmp_path: Path) -> None:
    sets = [two_datasets(tmp_path / "lake", 2, salt=f"-{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        frozen = list(pool.map(lambda files: freeze_all(registry, files, tmp_path / "work"), sets))
    tags = subprocess.run(
        ["git", "-C", registry, "tag"], check=True, capture_output=True, text=True
    ).stdout.split()
    assert sorted(tags) == sorted(item.tag for item in frozen)
    assert len({item.commit for item in frozen}) == 4


def test_racing_writers_of_the_same_files_agree(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 2)
    with ThreadPoolExecutor(3) as pool:
        frozen = list(pool.map(lambda _: freeze_all(registry, files, tmp_path / "work"), range(3)))
    assert len({(item.tag, item.commit) for item in frozen}) == 1


def test_a_file_that_is_not_what_was_recorded_is_refused(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 1)
    files["bookings"]["2017-03-01.parquet"].path.write_bytes(b"other")
    with pytest.raises(IntegrityError, match="recorded"):
        freeze_all(registry, files, tmp_path / "work")


def test_a_changed_object_is_found_when_read(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 1)
    frozen = freeze_all(registry, files, tmp_path / "work")
    md5 = files["bookings"]["2017-03-01.parquet"].md5
    stored = tmp_path / "storage" / "files" / "md5" / md5[:2] / md5[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"rotten")
    with (
        open_snapshot(registry, reference(frozen), tmp_path / "work") as snapshot,
        pytest.raises(IntegrityError, match="other bytes"),
    ):
        snapshot.paths("bookings")


def test_a_missing_object_is_found_when_read(registry: str, tmp_path: Path) -> None:
    files = two_datasets(tmp_path / "lake", 1)
    frozen = freeze_all(registry, files, tmp_path / "work")
    md5 = files["bookings"]["2017-03-01.parquet"].md5
    (tmp_path / "storage" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    with (
        open_snapshot(registry, reference(frozen), tmp_path / "work") as snapshot,
        pytest.raises(IntegrityError, match="missing"),
    ):
        snapshot.paths("bookings")


def test_a_tag_that_names_other_files_is_refused(registry: str, tmp_path: Path) -> None:
    frozen = freeze_all(registry, two_datasets(tmp_path / "lake", 2), tmp_path / "work")
    with pytest.raises(IntegrityError, match="never be moved"):
        freeze(registry, two_datasets(tmp_path / "lake", 3), frozen.tag, "Freeze", tmp_path / "work")


def test_a_tag_that_is_gone_is_named(registry: str, tmp_path: Path) -> None:
    frozen = freeze_all(registry, two_datasets(tmp_path / "lake", 2), tmp_path / "work")
    subprocess.run(["git", "-C", registry, "tag", "-d", frozen.tag], check=True, capture_output=True)
    with (
        pytest.raises(IntegrityError, match="the tag is gone"),
        open_snapshot(registry, reference(frozen), tmp_path / "work"),
    ):
        pass


def test_an_unreachable_registry_may_be_retried(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        freeze_all(str(tmp_path / "absent.git"), two_datasets(tmp_path / "lake", 1), tmp_path / "work")


@pytest.mark.parametrize("housekeeping", [False, True], ids=["as pushed", "refs packed by git gc"])
def test_creating_a_registry_twice_keeps_its_snapshots(
    registry: str, tmp_path: Path, housekeeping: bool
) -> None:
    frozen = freeze_all(registry, two_datasets(tmp_path / "lake", 1), tmp_path / "work")
    if housekeeping:
        subprocess.run(["git", "-C", registry, "gc", "-q"], check=True)
    create_registry(Path(registry), tmp_path / "storage")
    with open_snapshot(registry, reference(frozen), tmp_path / "work") as snapshot:
        assert len(snapshot.paths("bookings")) == 1
