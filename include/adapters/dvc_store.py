"""The data registry as DVC sees it: a clone of the git repository and the storage it names."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("DVC_NO_ANALYTICS", "1")  # DVC reads it when it is imported

from botocore.exceptions import BotoCoreError
from dvc.exceptions import DvcException
from dvc.repo import Repo

# isort: split
from dvc.fs import LocalFileSystem, generic
from pydantic import SecretStr

from include.adapters.dvc_credentials import remote_options
from include.adapters.dvc_listing import Listing, read_pointer
from include.adapters.git_registry import GitClone
from include.adapters.work_folders import work_folder
from include.errors import IntegrityError, SourceUnavailableError

_PARALLEL = 8


@contextmanager
def open_registry(
    registry: str, work_root: Path, storage: SecretStr | None = None
) -> Iterator[tuple[GitClone, Any]]:
    """Give a private clone of the registry and its object storage, for as long as the block lasts.

    Parameters
    ----------
    registry
        Git address.
    work_root
        The clone lies below it.
    storage
        The storage's credentials as the URI of an Airflow connection, see `dvc_credentials`.
    """
    options = remote_options(storage)
    with work_folder(work_root, "snapshot-") as folder:
        clone = GitClone(registry, folder / "clone")
        # DVC keeps indexes in a folder all users share; ours are private and short-lived.
        site = {"core": {"site_cache_dir": str(folder / "site")}}
        with Repo(str(clone.folder), config=site) as repo:
            with storage_errors():
                # In memory: credentials never reach a file, still less the registry.
                repo.config["remote"][repo.config["core"]["remote"]].update(options)
                store = repo.cloud.get_remote_odb()
                store.fs.fs.invalidate_cache()  # an earlier run of this process may have filled it
            yield clone, store


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn failures of the storage into `SourceUnavailableError`."""
    try:
        yield
    except (OSError, DvcException, BotoCoreError) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        raise SourceUnavailableError(
            f"no space is left on the device: {error}"
            if full
            else f"the snapshot storage does not answer as it should: {error}",
            where="the default remote of the data registry",
            next_step="free space in the storage or in the work folder; the retry goes on"
            if full
            else "check the address in the registry's .dvc/config, the Airflow connection"
            " perennial_snapshots, and this worker's access to the storage",
        ) from error


def existing(store: Any, oids: Iterable[str]) -> set[str]:
    """Return those of the objects that the storage has."""
    asked = sorted(set(oids))
    if not asked:
        return set()
    with storage_errors():
        answers = store.fs.exists([store.oid_to_path(oid) for oid in asked])
    return {oid for oid, there in zip(asked, answers, strict=True) if there}


def add_objects(store: Any, files: Mapping[str, Path]) -> None:
    """Write objects, each by its name; those of other writers with the same name hold the same bytes.

    An object appears whole, or not at all.
    """
    oids = sorted(files)
    paths, places = [str(files[oid]) for oid in oids], [store.oid_to_path(oid) for oid in oids]
    with storage_errors():
        if not oids:
            return
        # Not by `store.add`. In a bucket it first lists folders that are not there; in a folder it tries
        # to clone each file, for which it empties what has the object's name or puts an empty file there:
        # whoever is killed then leaves it, and the retry takes it for the object.
        generic.copy(LocalFileSystem(), paths, store.fs, places)
        for place in places:
            store.protect(place)


def local_copies(store: Any, oids: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return a local path of each object; those that the storage does not have are left out.

    Objects of a local storage are read where they lie, others are fetched into `folder`, several at once.
    Their bytes are not checked.
    """
    asked = sorted(set(oids))
    if isinstance(store.fs, LocalFileSystem):
        paths = {oid: Path(store.oid_to_path(oid)) for oid in asked}
        return {oid: path for oid, path in paths.items() if path.is_file()}
    with storage_errors(), ThreadPoolExecutor(_PARALLEL) as pool:
        found = pool.map(lambda oid: _fetch(store, oid, folder / oid), asked)
        return {oid: path for oid, path in zip(asked, found, strict=True) if path is not None}


def _fetch(store: Any, oid: str, target: Path) -> Path | None:
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.part")
    try:
        store.fs.get_file(store.oid_to_path(oid), str(partial))
    except FileNotFoundError:
        return None
    return partial.rename(target)


def holds(path: Path, oid: str) -> bool:
    """Say whether a file holds the bytes that an object is named after."""
    return file_md5(path) == oid.removesuffix(".dir")


def read_listings(store: Any, oids: Iterable[str], folder: Path) -> dict[str, Listing]:
    """Read listings by name; those that the storage does not have or that are damaged are left out."""
    copies = local_copies(store, oids, folder)
    return {oid: Listing.parse(path.read_bytes()) for oid, path in copies.items() if holds(path, oid)}


def pointed_folders(clone: GitClone, revision: str, dataset: str) -> dict[str, str]:
    """Return the hash of each folder of a dataset at a revision, by path; none where it is not there."""
    pointer = clone.read(revision, f"{dataset}.dvc")
    return {} if pointer is None else read_pointer(pointer)


def changed_snapshot(tag: str, what: str) -> IntegrityError:
    """Return the error for a tag that is not what was recorded."""
    return IntegrityError(
        f"snapshot is not what was recorded: {what}",
        where=f"tag {tag}",
        next_step="tags of the data registry must never be moved, and only garbage collection removes them;"
        " restore this one, or freeze the model's snapshot again and train on that",
    )


def file_md5(path: Path) -> str:
    """Return the MD5 of a file, the name DVC gives its object."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
