"""Snapshots against real git and real DVC, with their objects in a folder and on an S3 server."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from include.adapters import dvc_upload
from include.adapters.dvc_listing import build_listings, stored_folders, write_pointer
from include.adapters.dvc_registry import create_registry, freeze
from include.adapters.dvc_store import add_objects, open_registry
from include.adapters.git_registry import run_git
from include.errors import IntegrityError, SourceUnavailableError
from tests.support.s3 import S3Server
from tests.support.snapshots import (
    FIRST,
    Place,
    contents,
    folder_place,
    plain_dvc,
    s3_place,
    some_days,
)

pytestmark = pytest.mark.integration


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return folder_place(tmp_path)
    server: S3Server = request.getfixturevalue("s3_server")
    return s3_place(tmp_path, server)


@pytest.fixture
def local(tmp_path: Path) -> Place:
    return folder_place(tmp_path)


def test_the_same_files_give_the_same_tag_and_commit(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 3)
    first = place.freeze(files)
    place.freeze(some_days(tmp_path / "lake", 4))
    again = place.freeze(files)
    assert (again.tag, again.commit, again.content_hash) == (first.tag, first.commit, first.content_hash)
    assert (first.new_objects, again.new_objects) == (6, 0)


def test_reading_gives_the_bytes_that_were_frozen(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 40)
    frozen = place.freeze(files)
    assert place.read(frozen) == contents(files)


@pytest.mark.parametrize("name", ["a, b", "a # b", "a = b", "a 'b'", 'a "b"'])
def test_the_storage_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    place, files = folder_place(tmp_path / name), some_days(tmp_path / "lake", 2)
    assert place.read(place.freeze(files)) == contents(files)
    assert place.stored()


def test_a_window_that_slides_holds_exactly_its_days(place: Place, tmp_path: Path) -> None:
    place.freeze(some_days(tmp_path / "lake", 40))
    files = some_days(tmp_path / "lake", 40, first=FIRST + timedelta(days=1))
    slid = place.freeze(files)
    assert slid.new_objects == 2
    assert place.read(slid) == contents(files)


def test_a_new_day_asks_about_nothing_else(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the new objects are asked for, and only listings of the month that changed are written."""
    asked: list[str] = []
    written: list[str] = []
    really_exist, really_add = dvc_upload.existing, dvc_upload.add_objects
    monkeypatch.setattr(
        dvc_upload, "existing", lambda store, oids: asked.extend(oids) or really_exist(store, oids)
    )
    monkeypatch.setattr(
        dvc_upload, "add_objects", lambda store, files: written.extend(files) or really_add(store, files)
    )
    place.freeze(some_days(tmp_path / "lake", 50))
    asked.clear()
    written.clear()
    files = some_days(tmp_path / "lake", 51)
    place.freeze(files)
    newest = {members[f"{FIRST + timedelta(days=50)}.parquet"].md5 for members in files.values()}
    listings = {stored_folders(d, item)[f"{d}/2017-04"].oid for d, item in build_listings(files).items()}
    assert set(asked) == newest
    assert set(written) == newest | listings


def test_models_with_other_windows_on_a_dataset_do_not_forget_each_other(
    local: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really_exist = dvc_upload.existing
    monkeypatch.setattr(
        dvc_upload, "existing", lambda store, oids: asked.extend(oids) or really_exist(store, oids)
    )
    local.freeze(some_days(tmp_path / "lake", 70), "long")
    local.freeze(some_days(tmp_path / "lake", 5, first=FIRST + timedelta(days=65)), "short")
    asked.clear()
    frozen = local.freeze(some_days(tmp_path / "lake", 71), "long")
    assert len(set(asked)) == 2
    assert local.read(frozen) == contents(some_days(tmp_path / "lake", 71))


def test_the_dvc_command_line_gets_the_same_bytes(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 33)
    frozen = place.freeze(files)
    place.freeze(some_days(tmp_path / "lake", 35))
    subprocess.run(
        [sys.executable, "-m", "dvc", "get", place.registry, "bookings", "--rev", frozen.tag, "-o", "got"],
        cwd=tmp_path,
        env=plain_dvc(place, tmp_path),
        check=True,
        capture_output=True,
    )
    got = {path.name: path.read_bytes() for path in (tmp_path / "got").rglob("*.parquet")}
    assert got == contents(files)["bookings"]


def test_snapshots_from_before_months_are_read_and_found_again(local: Place, tmp_path: Path) -> None:
    """They hold one listing of the whole dataset."""
    files = some_days(tmp_path / "lake", 40)
    listings = build_listings(files)
    frozen = local.freeze(files)
    with open_registry(local.registry, local.work) as (clone, store):
        for dataset, listing in listings.items():
            (tmp_path / dataset).write_bytes(listing.text)
            add_objects(store, {listing.oid: tmp_path / dataset})
        before = {
            f"{dataset}.dvc": write_pointer({dataset: listing}) for dataset, listing in listings.items()
        }
        commit = clone.commit(before, "As it was")
        run_git(clone.folder, "push", "-q", "--force", "origin", f"HEAD:refs/tags/{frozen.tag}", "HEAD:main")
    assert local.read(frozen) == contents(files)
    assert local.freeze(files).commit == commit
    grown = some_days(tmp_path / "lake", 41)
    assert local.read(local.freeze(grown)) == contents(grown)


def test_nothing_temporary_is_left(place: Place, tmp_path: Path) -> None:
    place.read(place.freeze(some_days(tmp_path / "lake", 2)))
    assert list(place.work.iterdir()) == []


def test_credentials_reach_no_file(place: Place, tmp_path: Path) -> None:
    place.freeze(some_days(tmp_path / "lake", 1))
    run_git(tmp_path, "clone", "-q", place.registry, "clone")
    secrets = [value for name, value in place.environment.items() if name != "AWS_DEFAULT_REGION"]
    texts = [path.read_bytes() for path in (tmp_path / "clone").rglob("*") if path.is_file()]
    assert not any(secret.encode() in text for secret in secrets for text in texts)


def test_racing_writers_all_succeed(place: Place, tmp_path: Path) -> None:
    sets = [some_days(tmp_path / "lake", 2, salt=f"-{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        frozen = list(pool.map(place.freeze, sets))
    tags = run_git(Path(place.registry), "tag").split()
    assert sorted(tags) == sorted(item.tag for item in frozen)
    assert [place.read(item) for item in frozen] == [contents(files) for files in sets]


def test_racing_writers_of_the_same_files_agree(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 2)
    with ThreadPoolExecutor(3) as pool:
        frozen = list(pool.map(lambda _: place.freeze(files), range(3)))
    assert len({(item.tag, item.commit) for item in frozen}) == 1


def test_models_that_race_keep_both_their_snapshots(place: Place, tmp_path: Path) -> None:
    ours, theirs = some_days(tmp_path / "lake", 3), some_days(tmp_path / "lake", 3, salt="x")
    with ThreadPoolExecutor(2) as pool:
        frozen = list(pool.map(place.freeze, (ours, theirs), ("one", "two")))
    assert [place.read(item) for item in frozen] == [contents(ours), contents(theirs)]


def test_a_file_that_is_not_what_was_recorded_is_refused(local: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 1)
    files["bookings"][f"{FIRST}.parquet"].path.write_bytes(b"other")
    with pytest.raises(IntegrityError, match="recorded"):
        local.freeze(files)


def test_a_changed_object_is_found_when_read(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 2)
    frozen = place.freeze(files)
    place.damage(files["bookings"][f"{FIRST}.parquet"].md5)
    with pytest.raises(IntegrityError, match=rf"other bytes: {FIRST}.parquet .*`verify`"):
        place.read(frozen)


def test_missing_objects_are_named_when_read(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 3)
    frozen = place.freeze(files)
    for day in (FIRST, FIRST + timedelta(days=2)):
        place.lose(files["bookings"][f"{day}.parquet"].md5)
    with pytest.raises(IntegrityError, match="missing") as found:
        place.read(frozen)
    assert found.value.facts["lost"] == [
        f"{day}.parquet ({place.path(files['bookings'][f'{day}.parquet'].md5)})"
        for day in (FIRST, FIRST + timedelta(days=2))
    ]


def test_a_missing_listing_is_named_when_read(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 2)
    frozen = place.freeze(files)
    place.lose(stored_folders("bookings", build_listings(files)["bookings"])["bookings/2017-03"].oid)
    with pytest.raises(IntegrityError, match="listing of bookings/2017-03"):
        place.read(frozen)


def test_verifying_writes_lost_and_damaged_objects_anew(place: Place, tmp_path: Path) -> None:
    files = some_days(tmp_path / "lake", 3)
    frozen = place.freeze(files)
    bookings = list(files["bookings"].values())
    place.lose(bookings[0].md5)
    place.damage(bookings[1].md5)
    place.lose(stored_folders("outcomes", build_listings(files)["outcomes"])["outcomes/2017-03"].oid)
    mended = place.freeze(files, verify=True)
    assert (mended.commit, mended.new_objects) == (frozen.commit, 3)
    assert place.read(mended) == contents(files)


def test_a_tag_that_names_other_files_is_refused(local: Place, tmp_path: Path) -> None:
    frozen = local.freeze(some_days(tmp_path / "lake", 2))
    with pytest.raises(IntegrityError, match="never be moved"):
        freeze(local.registry, some_days(tmp_path / "lake", 3), frozen.tag, "Freeze", local.work)


def test_a_tag_that_is_gone_is_named(local: Place, tmp_path: Path) -> None:
    frozen = local.freeze(some_days(tmp_path / "lake", 2))
    run_git(Path(local.registry), "tag", "-d", frozen.tag)
    with pytest.raises(IntegrityError, match="the tag is gone"):
        local.read(frozen)


def test_an_unreachable_registry_may_be_retried(tmp_path: Path) -> None:
    place = folder_place(tmp_path)
    gone = Place(tmp_path, str(tmp_path / "absent.git"), place.objects, place.folder)
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        gone.freeze(some_days(tmp_path / "lake", 1))


@pytest.mark.parametrize("housekeeping", [False, True], ids=["as pushed", "refs packed by git gc"])
def test_creating_a_registry_twice_keeps_its_snapshots(
    local: Place, tmp_path: Path, housekeeping: bool
) -> None:
    frozen = local.freeze(some_days(tmp_path / "lake", 1))
    if housekeeping:
        run_git(Path(local.registry), "gc", "-q")
    create_registry(Path(local.registry), tmp_path / "storage")
    assert len(local.read(frozen)["bookings"]) == 1
