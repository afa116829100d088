"""Writing what the storage lacks of a snapshot, without asking about what it has.

Objects and listings are written before the push that publishes them, and garbage collection takes a
snapshot out of the registry before it takes its objects (`dvc_garbage`). So what the registry names is there
whole: adding a day looks at the months that changed since the last snapshot and at nothing else. A listing
that lies in the storage proves nothing as long as the registry does not name it.
What was lost behind our back is found by `upload_lost`, which looks at everything.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from include.adapters.dvc_listing import Listing, TrackedFile, stored_folders
from include.adapters.dvc_store import (
    add_objects,
    existing,
    file_md5,
    holds,
    local_copies,
    pointed_folders,
    read_listings,
    storage_errors,
)
from include.adapters.git_registry import GitClone
from include.errors import IntegrityError, name_some

_CHECKED_AT_ONCE = 64

Files = Mapping[str, Mapping[str, TrackedFile]]


def upload_new(
    clone: GitClone, store: Any, files: Files, listings: Mapping[str, Listing], previous: str | None
) -> int:
    """Write the objects and listings of months that the registry does not name yet.

    Parameters
    ----------
    clone, store
        The registry.
    files, listings
        The snapshot's files by dataset.
    previous
        Tag of the model's last snapshot: the newest commit may be another model's, with a shorter window.

    Returns
    -------
    int
        The number of files written, listings not counted.

    Raises
    ------
    IntegrityError
        When a file to be written is gone or does not hold the bytes its MD5 promises.
    """
    folders = _all_folders(listings)
    published = _published(clone, folders, listings, previous)
    changed = {path: part for path, part in folders.items() if part.oid not in published.get(path, ())}
    work = _listings_folder(clone)
    before = read_listings(store, {oid for path in changed for oid in published.get(path, ())}, work)
    unknown = _objects(changed.values()) - _objects(before.values())
    new = unknown - existing(store, unknown)
    add_objects(store, _sound_paths(files, new))
    add_objects(store, _written(changed.values(), work))
    return len(new)


def _published(
    clone: GitClone, folders: Mapping[str, Listing], datasets: Iterable[str], previous: str | None
) -> dict[str, set[str]]:
    """Return the hashes that the registry knows of each folder."""
    known: dict[str, set[str]] = defaultdict(set)
    _learn(known, clone, "HEAD", datasets)
    if previous is not None and not folders.keys() <= known.keys() and clone.find_tag(previous):
        _learn(known, clone, f"refs/tags/{previous}", datasets)
    return known


def _learn(known: dict[str, set[str]], clone: GitClone, revision: str, datasets: Iterable[str]) -> None:
    for dataset in datasets:
        for path, oid in pointed_folders(clone, revision, dataset).items():
            known[path].add(oid)


def _listings_folder(clone: GitClone) -> Path:
    folder = clone.folder.parent / "listings"
    folder.mkdir(exist_ok=True)
    return folder


def upload_lost(clone: GitClone, store: Any, files: Files, listings: Mapping[str, Listing]) -> int:
    """Read every object of a snapshot and write anew those that are missing or damaged.

    Returns
    -------
    int
        The number of objects written, listings counted.

    Raises
    ------
    IntegrityError
        When a file to be written is gone or does not hold the bytes its MD5 promises.
    """
    work = _listings_folder(clone)
    folders = _all_folders(listings).values()
    lost = _lost(store, _objects(folders), work)
    add_objects(store, _replaceable(store, _sound_paths(files, lost)))
    lost_listings = _lost(store, {part.oid for part in folders}, work)
    texts = _written([part for part in folders if part.oid in lost_listings], work)
    add_objects(store, _replaceable(store, texts))
    return len(lost) + len(lost_listings)


def _all_folders(listings: Mapping[str, Listing]) -> dict[str, Listing]:
    return {
        path: part
        for dataset, listing in listings.items()
        for path, part in stored_folders(dataset, listing).items()
    }


def _objects(listings: Iterable[Listing]) -> set[str]:
    return {md5 for listing in listings for md5 in listing.files.values()}


def _sound_paths(files: Files, wanted: set[str]) -> dict[str, Path]:
    """Return where the wanted objects' bytes lie, once they are seen to be the right ones."""
    found = {
        file.md5: (file.path, f"{dataset} {Path(name).stem}")
        for dataset, members in files.items()
        for name, file in members.items()
        if file.md5 in wanted
    }
    if gone := [name for path, name in found.values() if not path.is_file()]:
        raise IntegrityError(
            f"the files of {len(gone)} partitions are missing: {name_some(gone)}",
            where="lake",
            next_step="run the DAG ingest of these datasets for these days again;"
            " it writes the recorded bytes anew",
            lost=gone,
        )
    for md5, (path, _) in found.items():
        if file_md5(path) != md5:
            raise IntegrityError(
                f"the file's MD5 is not the recorded {md5}",
                where=str(path),
                next_step="validate the partition again",
            )
    return {md5: path for md5, (path, _) in found.items()}


def _written(listings: Iterable[Listing], folder: Path) -> dict[str, Path]:
    paths = {}
    with storage_errors():
        for listing in listings:
            paths[listing.oid] = folder / f"{listing.oid}.new"
            paths[listing.oid].write_bytes(listing.text)
    return paths


def _lost(store: Any, oids: set[str], work: Path) -> set[str]:
    ordered = sorted(oids)
    lost: set[str] = set()
    for start in range(0, len(ordered), _CHECKED_AT_ONCE):
        asked = ordered[start : start + _CHECKED_AT_ONCE]
        with tempfile.TemporaryDirectory(dir=work) as folder:
            copies = local_copies(store, asked, Path(folder))
            lost |= {oid for oid in asked if oid not in copies or not holds(copies[oid], oid)}
    return lost


def _replaceable(store: Any, files: dict[str, Path]) -> dict[str, Path]:
    """Take damaged objects away: DVC would leave an object alone that is there already."""
    with storage_errors():
        for oid in existing(store, files):
            store.delete(oid)
    return files
