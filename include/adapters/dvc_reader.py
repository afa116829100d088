"""Reading a snapshot: from the listing straight to the objects, every byte checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from include.adapters.dvc_listing import Listing
from include.adapters.dvc_store import (
    changed_snapshot,
    file_md5,
    open_registry,
    require_listings,
    storage_errors,
)
from include.contracts import SnapshotRef
from include.errors import IntegrityError

# isort: split
from dvc.fs import LocalFileSystem


class SnapshotReader:
    """The files of one snapshot, while its `open_snapshot` block lasts."""

    def __init__(self, store: Any, listings: dict[str, Listing], folder: Path) -> None:
        self._store = store
        self._listings = listings
        self._folder = folder

    def paths(self, dataset: str) -> dict[str, Path]:
        """Return the local path of each file of a dataset, by its name in the snapshot.

        Raises
        ------
        IntegrityError
            When an object is missing or does not hold the bytes it is named after.
        """
        return {name: self._verified(md5) for name, md5 in self._listings[dataset].files.items()}

    def _verified(self, md5: str) -> Path:
        path = _local_copy(self._store, md5, self._folder)
        found = file_md5(path)
        if found != md5:
            raise IntegrityError(
                f"object {md5} holds other bytes (MD5 {found})",
                where=str(self._store.oid_to_path(md5)),
                next_step="restore the object from a backup of the snapshot storage",
            )
        return path


@contextmanager
def open_snapshot(registry: str, snapshot: SnapshotRef, work_root: Path) -> Iterator[SnapshotReader]:
    """Open a snapshot for reading and check that its tag still holds what was recorded.

    Objects of a local storage are read where they lie; others are fetched for as long as the block
    lasts.

    Raises
    ------
    IntegrityError
        When the tag is gone or holds other listings.
    SourceUnavailableError
        When the registry does not answer.
    """
    with open_registry(registry, work_root) as (clone, store):
        folder = clone.folder.parent / "objects"
        folder.mkdir()
        if clone.find_tag(snapshot.tag) is None:
            raise changed_snapshot(snapshot.tag, "the tag is gone")
        require_listings(clone, snapshot.tag, snapshot.listings)
        listings = {d: _read_listing(store, oid, folder) for d, oid in snapshot.listings.items()}
        yield SnapshotReader(store, listings, folder)


def _read_listing(store: Any, oid: str, folder: Path) -> Listing:
    return Listing.parse(_local_copy(store, oid, folder).read_bytes())


def _local_copy(store: Any, oid: str, folder: Path) -> Path:
    source = store.oid_to_path(oid)
    try:
        if isinstance(store.fs, LocalFileSystem):
            Path(source).stat()
            return Path(source)
        target = folder / oid
        if not target.exists():
            with storage_errors():
                store.fs.get_file(source, str(target))
    except FileNotFoundError:
        raise IntegrityError(
            f"object {oid} is missing",
            where=str(source),
            next_step="restore the object from a backup of the snapshot storage",
        ) from None
    return target
