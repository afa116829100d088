"""The data registry as DVC sees it: a clone of the git repository and the storage it names."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("DVC_NO_ANALYTICS", "1")  # DVC reads it when it is imported

from dvc.exceptions import DvcException
from dvc.repo import Repo

from include.adapters.dvc_listing import read_pointer
from include.adapters.git_registry import GitClone
from include.errors import IntegrityError, SourceUnavailableError


@contextmanager
def open_registry(registry: str, work_root: Path) -> Iterator[tuple[GitClone, Any]]:
    """Give a private clone of the registry and its object storage, for as long as the block lasts."""
    work_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work_root, prefix="snapshot-") as temporary:
        clone = GitClone(registry, Path(temporary) / "clone")
        # DVC keeps indexes in a folder all users share; ours are private and short-lived.
        site = {"core": {"site_cache_dir": str(Path(temporary) / "site")}}
        with Repo(str(clone.folder), config=site) as repo:
            with storage_errors():
                store = repo.cloud.get_remote_odb()
            yield clone, store


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn failures of the storage into `SourceUnavailableError`; an absent object stays absent."""
    try:
        yield
    except FileNotFoundError:
        raise  # the storage answered: it does not have the object
    except (OSError, DvcException) as error:
        raise SourceUnavailableError(
            f"the snapshot storage does not answer: {error}",
            where="the default remote of the data registry",
            next_step="check the address in the registry's .dvc/config and this worker's access to it",
        ) from error


def require_listings(clone: GitClone, tag: str, oids: dict[str, str]) -> None:
    """Raise `IntegrityError` unless a tag holds these listings."""
    for dataset, oid in oids.items():
        pointer = clone.read(f"refs/tags/{tag}", f"{dataset}.dvc")
        if pointer is None or read_pointer(pointer) != oid:
            raise changed_snapshot(tag, f"it does not hold listing {oid} of {dataset}")


def changed_snapshot(tag: str, what: str) -> IntegrityError:
    """Return the error for a tag that is not what was recorded."""
    return IntegrityError(
        f"snapshot is not what was recorded: {what}",
        where=f"tag {tag}",
        next_step="tags of the data registry must never be moved or removed; restore this one",
    )


def file_md5(path: Path) -> str:
    """Return the MD5 of a file, the name DVC gives its object."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
