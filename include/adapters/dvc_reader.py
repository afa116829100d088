"""Reading a snapshot: from the listings straight to the objects, every byte checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from include.adapters.dvc_listing import Listing
from include.adapters.dvc_store import (
    changed_snapshot,
    holds,
    local_copies,
    open_registry,
    pointed_folders,
    read_listings,
)
from include.adapters.git_registry import GitClone
from include.contracts import SnapshotRef
from include.errors import IntegrityError, name_some


class SnapshotReader:
    """The files of one snapshot, while its `open_snapshot` block lasts."""

    def __init__(self, store: Any, listings: dict[str, Listing], folder: Path, tag: str) -> None:
        self._store = store
        self._listings = listings
        self._folder = folder
        self._tag = tag

    def paths(self, dataset: str) -> dict[str, Path]:
        """Return the local path of each file of a dataset, by its name in the snapshot.

        Raises
        ------
        IntegrityError
            When objects are missing or do not hold the bytes they are named after.
        """
        files = self._listings[dataset].files
        copies = local_copies(self._store, files.values(), self._folder)
        where = f"{dataset} in {self._tag}"
        self._refuse([n for n, md5 in files.items() if md5 not in copies], where, dataset, "are missing")
        damaged = [name for name, md5 in files.items() if not holds(copies[md5], md5)]
        self._refuse(damaged, where, dataset, "hold other bytes")
        return {name: copies[md5] for name, md5 in files.items()}

    def _refuse(self, names: list[str], where: str, dataset: str, what: str) -> None:
        if names:
            files = self._listings[dataset].files
            lost = {name: str(self._store.oid_to_path(files[name])) for name in names}
            raise lost_objects([f"{name} ({path})" for name, path in lost.items()], where, what)


def lost_objects(names: list[str], where: str, what: str) -> IntegrityError:
    """Return the error for objects of the storage that are not there, or not as they were written."""
    return IntegrityError(
        f"{len(names)} objects of the snapshot storage {what}: {name_some(names)}",
        where=where,
        next_step="trigger the model's DAG snapshot for the same day with `verify`, which writes them anew"
        " from the lake; where the lake has other rows by now, restore them from a backup of the storage",
        lost=names,
    )


@contextmanager
def open_snapshot(
    registry: str, snapshot: SnapshotRef, work_root: Path, *, storage: SecretStr | None = None
) -> Iterator[SnapshotReader]:
    """Open a snapshot for reading and check that its tag still holds what was recorded.

    Objects of a local storage are read where they lie; others are fetched for as long as the block
    lasts.

    Parameters
    ----------
    registry
        Git address of the registry.
    snapshot
        What is read.
    work_root
        Folder for the temporary clone and what is fetched.
    storage
        The storage's credentials, see `dvc_credentials`.

    Raises
    ------
    IntegrityError
        When the tag is gone or holds other listings, or a listing is lost.
    SourceUnavailableError
        When the registry or its storage does not answer.
    """
    with open_registry(registry, work_root, storage) as (clone, store):
        folder = clone.folder.parent / "objects"
        folder.mkdir()
        if clone.find_tag(snapshot.tag) is None:
            raise changed_snapshot(snapshot.tag, "the tag is gone")
        listings = {
            dataset: _whole_listing(clone, store, snapshot.tag, dataset, oid, folder)
            for dataset, oid in snapshot.listings.items()
        }
        yield SnapshotReader(store, listings, folder, snapshot.tag)


def _whole_listing(clone: GitClone, store: Any, tag: str, dataset: str, oid: str, folder: Path) -> Listing:
    folders = pointed_folders(clone, f"refs/tags/{tag}", dataset)
    if not folders:
        raise changed_snapshot(tag, f"it does not hold {dataset}")
    found = read_listings(store, folders.values(), folder)
    if lost := [f"listing of {path} ({part})" for path, part in folders.items() if part not in found]:
        raise lost_objects(lost, f"{dataset} in {tag}", "are missing or damaged")
    whole = Listing.join(found[part] for part in folders.values())
    if whole.oid != oid:
        raise changed_snapshot(tag, f"its files of {dataset} have the hash {whole.oid}, recorded was {oid}")
    return whole
