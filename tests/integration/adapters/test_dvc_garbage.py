"""Garbage of real registries, with their objects in a folder and on an S3 server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include.adapters import dvc_garbage
from include.adapters.dvc_garbage import Garbage, collect_garbage
from include.adapters.dvc_listing import build_listings, stored_folders
from include.adapters.dvc_registry import GARBAGE, FrozenSnapshot
from include.adapters.git_registry import GitClone, Tag, run_git
from include.errors import ConcurrentWriteError, IntegrityError
from tests.support.s3 import S3Server
from tests.support.snapshots import FIRST, Files, Place, contents, folder_place, s3_place, some_days

pytestmark = pytest.mark.integration

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return folder_place(tmp_path)
    server: S3Server = request.getfixturevalue("s3_server")
    return s3_place(tmp_path, server)


@pytest.fixture
def local(tmp_path: Path) -> Place:
    return folder_place(tmp_path)


def collect(
    place: Place, *kept: FrozenSnapshot, dry_run: bool = False, written_before: datetime = LATER
) -> Garbage:
    names = {frozen.tag for frozen in kept}
    return collect_garbage(
        place.registry, lambda _: names, written_before, place.work, dry_run=dry_run, storage=place.storage
    )


def names(files: Files) -> set[str]:
    """All objects that a snapshot of these files needs."""
    parts = [p for d, item in build_listings(files).items() for p in stored_folders(d, item).values()]
    return {part.oid for part in parts} | {md5 for part in parts for md5 in part.files.values()}


def tags(place: Place) -> set[str]:
    return set(run_git(Path(place.registry), "tag").split())


def three_snapshots(place: Place, lake: Path) -> tuple[list[Files], list[FrozenSnapshot]]:
    """Windows that slide by twenty days; the last one is the registry's newest commit."""
    sets = [some_days(lake, 30, first=FIRST + timedelta(days=20 * n)) for n in range(3)]
    return sets, [place.freeze(files) for files in sets]


def test_what_nobody_needs_goes_and_the_rest_still_reads(place: Place, tmp_path: Path) -> None:
    sets, frozen = three_snapshots(place, tmp_path / "lake")
    found = collect(place, frozen[1])
    assert found.tags == sorted([frozen[0].tag, frozen[2].tag])
    assert tags(place) == {frozen[1].tag}
    assert found.objects.keys() == names(sets[0]) - names(sets[1])
    assert place.stored() == names(sets[1]) | names(sets[2]), "the newest commit's objects stay as well"
    assert place.read(frozen[1]) == contents(sets[1])
    again = collect(place, frozen[1])
    assert (again.tags, again.objects) == ([], {})


def test_a_dry_run_says_the_same_and_changes_nothing(place: Place, tmp_path: Path) -> None:
    _, frozen = three_snapshots(place, tmp_path / "lake")
    before = place.stored()
    dry = collect(place, frozen[1], dry_run=True)
    assert (place.stored(), tags(place)) == (before, {item.tag for item in frozen})
    wet = collect(place, frozen[1])
    assert dry == wet
    assert sum(wet.objects.values()) > 0


def test_a_collected_snapshot_can_be_frozen_again(place: Place, tmp_path: Path) -> None:
    sets, frozen = three_snapshots(place, tmp_path / "lake")
    collect(place, frozen[2])
    again = place.freeze(sets[0])
    assert (again.tag, again.content_hash) == (frozen[0].tag, frozen[0].content_hash)
    assert place.read(again) == contents(sets[0])


def test_objects_written_lately_stay(place: Place, tmp_path: Path) -> None:
    _, frozen = three_snapshots(place, tmp_path / "lake")
    before = place.stored()
    found = collect(place, frozen[1], written_before=datetime(2020, 1, 1, tzinfo=UTC))
    assert (found.objects, place.stored()) == ({}, before)
    assert tags(place) == {frozen[1].tag}


def test_without_the_listing_of_a_kept_snapshot_nothing_is_removed(place: Place, tmp_path: Path) -> None:
    sets, frozen = three_snapshots(place, tmp_path / "lake")
    place.damage(stored_folders("outcomes", build_listings(sets[1])["outcomes"])["outcomes/2017-04"].oid)
    before = place.stored()
    with pytest.raises(IntegrityError, match="outcomes/2017-04 in demo/"):
        collect(place, frozen[1])
    assert (place.stored(), len(tags(place))) == (before, 3)


def test_files_that_are_no_objects_are_left_alone(local: Place, tmp_path: Path) -> None:
    _, frozen = three_snapshots(local, tmp_path / "lake")
    stranger = tmp_path / "storage" / "files" / "md5" / "ab" / "notes.txt"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")
    collect(local, frozen[2])
    assert stranger.read_text() == "mine"


def test_what_a_killed_upload_left_goes_once_it_is_old(local: Place, tmp_path: Path) -> None:
    _, frozen = three_snapshots(local, tmp_path / "lake")
    left = next((tmp_path / "storage" / "files" / "md5").iterdir()) / ".rKh3t-ulptR6pTJW22A1cg.tmp"
    left.write_text("half")
    collect(local, *frozen, written_before=datetime(2020, 1, 1, tzinfo=UTC))
    assert left.exists(), "somebody may be writing it"
    collect(local, *frozen)
    assert not left.exists()
    assert local.read(frozen[0])


def stop_before_deleting(place: Place, *kept: FrozenSnapshot) -> None:
    """Announce what goes, and be stopped there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dvc_garbage, "_delete", interrupted)
        with pytest.raises(InterruptedError):
            collect(place, *kept)


def interrupted(*_: object) -> None:
    raise InterruptedError


def test_meanwhile_nobody_builds_on_what_is_being_removed(place: Place, tmp_path: Path) -> None:
    sets, frozen = three_snapshots(place, tmp_path / "lake")
    stop_before_deleting(place, frozen[2])
    with pytest.raises(ConcurrentWriteError, match="being removed by a garbage collection"):
        place.freeze(sets[0])
    other = some_days(tmp_path / "lake", 3, salt="other")
    assert place.read(place.freeze(other)) == contents(other), "who needs none of it is not held up"


def test_the_next_collection_finishes_what_was_announced(place: Place, tmp_path: Path) -> None:
    sets, frozen = three_snapshots(place, tmp_path / "lake")
    stop_before_deleting(place, frozen[2])
    found = collect(place, frozen[2])
    assert found.finished_objects == len((names(sets[0]) | names(sets[1])) - names(sets[2]))
    assert place.stored() == names(sets[2])
    assert place.read(place.freeze(sets[0])) == contents(sets[0])


def test_a_snapshot_being_frozen_meanwhile_notices_that_its_objects_went(
    local: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found them in the storage; between that and its push all of them are collected."""
    sets, frozen = three_snapshots(local, tmp_path / "lake")
    run_git(Path(local.registry), "tag", "-d", frozen[0].tag)  # its objects lie there, needed by nobody
    really_push, pushes = GitClone.push, []

    def push(clone: GitClone, tag: str | None = None, **options: object) -> None:
        pushes.append(tag)
        if len(pushes) == 1:
            collect(local, frozen[2])
        really_push(clone, tag, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(GitClone, "push", push)
    again = local.freeze(sets[0])
    assert pushes.count(frozen[0].tag) == 2
    assert local.read(again) == contents(sets[0])


def test_a_collection_notices_a_snapshot_that_was_frozen_meanwhile(local: Place, tmp_path: Path) -> None:
    three_snapshots(local, tmp_path / "lake")
    asked: list[list[Tag]] = []

    def keep(found: list[Tag]) -> set[str]:
        asked.append(found)
        if len(asked) == 1:
            local.freeze(some_days(tmp_path / "lake", 5, first=FIRST + timedelta(days=2)), "other")
        return {tag.name for tag in found if tag.name.startswith("other/")}

    collect_garbage(local.registry, keep, LATER, local.work, dry_run=False)
    assert len(asked) == 2
    (other,) = asked[1][-1:]
    assert tags(local) == {other.name} == {tag.name for tag in asked[1] if tag not in asked[0]}
    kept = some_days(tmp_path / "lake", 5, first=FIRST + timedelta(days=2))
    assert local.stored() == names(kept)
    assert local.read(local.freeze(kept, "other")) == contents(kept)


def test_the_announcement_is_taken_back(local: Place, tmp_path: Path) -> None:
    _, frozen = three_snapshots(local, tmp_path / "lake")
    collect(local, frozen[2])
    assert GARBAGE not in run_git(Path(local.registry), "ls-tree", "--name-only", "HEAD").split()


def test_tags_come_with_the_day_they_were_made(local: Place, tmp_path: Path) -> None:
    local.freeze(some_days(tmp_path / "lake", 1))
    seen: list[Tag] = []
    collect_garbage(
        local.registry, lambda found: seen.extend(found) or {t.name for t in found}, LATER, local.work,
        dry_run=True,
    )  # fmt: skip
    assert [abs(tag.committed - date.today()) <= timedelta(days=1) for tag in seen] == [True]  # noqa: DTZ011
