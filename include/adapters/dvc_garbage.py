"""Removing snapshots that nobody needs, and the objects that only they needed.

One push takes away the tags and puts the names of the doomed objects into the registry's newest commit; then
the objects are deleted; a last push removes the list. Whoever freezes a snapshot meanwhile

- and began before the first push, is refused by git, because the branch has moved on, and starts over;
- and began after it, sees the list, and does not build on what is in it.

So no published snapshot ever names an object that is being deleted, whatever is killed in between: a
collection that was stopped is finished by the next one. Two collections at once must be kept apart by the
caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from include.adapters.dvc_listing import read_pointer
from include.adapters.dvc_reader import lost_objects
from include.adapters.dvc_registry import ATTEMPTS, GARBAGE, refused_push
from include.adapters.dvc_store import open_registry, read_listings, storage_errors
from include.adapters.git_registry import GitClone, GitError, Tag

# isort: split
from dvc.fs import LocalFileSystem

# Objects, and what DVC calls an upload into a folder until it is whole: a killed one is never finished.
_COLLECTED = re.compile(r"[0-9a-f]{32}(\.dir)?|[0-9a-f]{2}\.[^.]+\.tmp")
_DELETED_AT_ONCE = 500


@dataclass(frozen=True)
class StoredObject:
    """An object of the storage."""

    bytes: int
    written: datetime


@dataclass(frozen=True)
class Garbage:
    """What a collection removes, and how many of each stay.

    `objects` holds the bytes of each doomed object, by name; `finished_objects` counts those that a
    collection before this one had announced and not removed.
    """

    tags: list[str]
    objects: dict[str, int]
    kept_tags: int
    kept_objects: int
    finished_objects: int = 0


def collect_garbage(
    registry: str,
    keep: Callable[[list[Tag]], set[str]],
    written_before: datetime,
    work_root: Path,
    *,
    dry_run: bool,
    storage: SecretStr | None = None,
) -> Garbage:
    """Remove tags and the objects that no other tag and not the newest commit reaches.

    Parameters
    ----------
    registry
        Git address. Its storage must belong to this registry alone.
    keep
        Given all tags, the names of those that stay.
    written_before
        Objects written later stay: a snapshot that is being frozen may be about to name them.
    work_root
        Folder for the temporary clone.
    dry_run
        Change nothing, only say what would go.
    storage
        The storage's credentials, see `dvc_credentials`.

    Raises
    ------
    IntegrityError
        When a listing of a snapshot that stays cannot be read; nothing was removed then.
    ConcurrentWriteError
        When other writers were first eight times in a row.
    SourceUnavailableError
        When the registry or its storage does not answer.
    """
    with open_registry(registry, work_root, storage) as (clone, store):
        finished = 0 if dry_run else _finish(clone, store)
        refusal = ""
        for _ in range(ATTEMPTS):
            # Asked for once: a tag that comes later is neither kept nor removed, but moves the branch on.
            tags = clone.tags()
            found = _find(clone, store, {tag.name for tag in tags}, keep(tags), written_before, finished)
            if dry_run or not (found.tags or found.objects):
                return found
            try:
                _announce(clone, found)
            except GitError as error:
                refusal = str(error)
                clone.start_over()
                continue
            _finish(clone, store)
            return found
        raise refused_push(clone, refusal)


def _find(
    clone: GitClone, store: Any, tags: set[str], kept: set[str], written_before: datetime, finished: int
) -> Garbage:
    reachable = _reachable(clone, store, ["HEAD", *(f"refs/tags/{tag}" for tag in sorted(kept & tags))])
    stored = _stored(store)
    doomed = {
        oid: item.bytes
        for oid, item in stored.items()
        if oid not in reachable and item.written < written_before
    }
    return Garbage(sorted(tags - kept), doomed, len(kept & tags), len(stored) - len(doomed), finished)


def _reachable(clone: GitClone, store: Any, revisions: list[str]) -> set[str]:
    pointed = {oid: where for revision in revisions for oid, where in _pointed(clone, revision)}
    names = {oid for oid in pointed if oid.endswith(".dir")}
    folder = clone.folder.parent / "kept-listings"
    folder.mkdir(exist_ok=True)
    listings = read_listings(store, names, folder)
    if lost := sorted(f"{pointed[oid]} ({oid})" for oid in names - listings.keys()):
        raise lost_objects(lost, "garbage collection", "are missing or damaged listings of kept snapshots")
    return pointed.keys() | {md5 for listing in listings.values() for md5 in listing.files.values()}


def _pointed(clone: GitClone, revision: str) -> Iterator[tuple[str, str]]:
    for name in clone.files(revision, ".dvc"):
        for path, oid in read_pointer(clone.read(revision, name) or "").items():
            yield oid, f"{path} in {revision.removeprefix('refs/tags/')}"


def _stored(store: Any) -> dict[str, StoredObject]:
    with storage_errors():
        found = _local_objects(store) if isinstance(store.fs, LocalFileSystem) else _remote_objects(store)
        return {oid: item for oid, item in found if _COLLECTED.fullmatch(oid)}


def _local_objects(store: Any) -> Iterator[tuple[str, StoredObject]]:
    for path in Path(store.path).glob("??/*"):
        facts = path.stat()
        written = datetime.fromtimestamp(facts.st_mtime, UTC)
        yield path.parent.name + path.name, StoredObject(facts.st_size, written)


def _remote_objects(store: Any) -> Iterator[tuple[str, StoredObject]]:
    store.fs.fs.invalidate_cache()
    for path, facts in store.fs.fs.find(store.path, detail=True).items():
        folder, name = path.rsplit("/", 2)[-2:]
        yield folder + name, StoredObject(int(facts["size"]), facts["LastModified"])


def _announce(clone: GitClone, garbage: Garbage) -> None:
    text = json.dumps(sorted(garbage.objects), indent=0) + "\n"
    files = {GARBAGE: text} if garbage.objects else {}
    clone.commit(files, f"Remove {len(garbage.tags)} snapshots and {len(garbage.objects)} objects")
    clone.push(without=garbage.tags)


def _finish(clone: GitClone, store: Any) -> int:
    """Delete what the newest commit announces and take the announcement back; return how many it names."""
    announced = clone.read("HEAD", GARBAGE)
    if announced is None:
        return 0
    doomed = json.loads(announced)
    for start in range(0, len(doomed), _DELETED_AT_ONCE):
        _delete(store, doomed[start : start + _DELETED_AT_ONCE])
    refusal = ""
    for _ in range(ATTEMPTS):
        if clone.read("HEAD", GARBAGE) is None:
            return len(doomed)
        clone.commit({GARBAGE: None}, "The announced objects are removed")
        try:
            clone.push()
        except GitError as error:
            refusal = str(error)
            clone.start_over()
        else:
            return len(doomed)
    raise refused_push(clone, refusal)


def _delete(store: Any, oids: list[str]) -> None:
    paths = [store.oid_to_path(oid) for oid in oids]
    with storage_errors():
        if isinstance(store.fs, LocalFileSystem):
            for path in paths:
                Path(path).unlink(missing_ok=True)
        else:
            store.fs.fs.rm(paths)  # in bulk; absent ones are no error
