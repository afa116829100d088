"""Snapshots: sets of partitions frozen under DVC in a git registry, named by their content.

A snapshot writes only what is new: the objects of new partitions, one listing per dataset, and a small
commit. The order is objects, listings, then the git push, so a run that dies at any line leaves at
worst objects that nothing points to. Reading is the matter of `dvc_reader`.
Never run `dvc gc` while a snapshot is being frozen.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.adapters.dvc_listing import (
    Listing,
    TrackedFile,
    build_listings,
    content_hash,
    write_pointer,
)
from include.adapters.dvc_store import file_md5, open_registry, require_listings, storage_errors
from include.adapters.git_registry import BRANCH, GitClone, GitError, run_git, without_credentials
from include.errors import ConcurrentWriteError, IntegrityError

# isort: split
from dvc.fs import LocalFileSystem

ATTEMPTS = 8
_CONFIG = """[core]
    analytics = false
    check_update = false
    remote = storage
['remote "storage"']
    url = {url}
"""


@dataclass(frozen=True)
class FrozenSnapshot:
    """Where a snapshot stands in the registry."""

    tag: str
    commit: str
    content_hash: str
    listings: dict[str, str]
    new_objects: int


def create_registry(registry: Path, remote: Path | str) -> None:
    """Create a bare git registry whose DVC storage lies at `remote`; one that is there is left alone.

    Parameters
    ----------
    registry
        Folder of the bare repository.
    remote
        Folder or storage address of the objects.
    """
    # Whatever lies there stays: a registry appears by one rename, and git may pack its refs away later.
    if registry.is_dir() and any(registry.iterdir()):
        return
    registry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=registry.parent, prefix=".registry-") as temporary:
        bare, work = Path(temporary) / "bare", Path(temporary) / "work"
        run_git(Path(temporary), "init", "-q", "--bare", "-b", BRANCH, str(bare))
        run_git(Path(temporary), "clone", "-q", str(bare), str(work))
        run_git(work, "checkout", "-q", "-B", BRANCH)
        (work / ".dvc").mkdir()
        url = str(remote.resolve()) if isinstance(remote, Path) else remote
        (work / ".dvc" / "config").write_text(_CONFIG.format(url=url), encoding="utf-8")
        (work / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n", encoding="utf-8")
        (work / ".dvcignore").write_text("", encoding="utf-8")
        run_git(work, "add", ".dvc", ".dvcignore")
        run_git(work, "commit", "-q", "-m", "Start the data registry")
        run_git(work, "push", "-q", "origin", BRANCH)
        bare.rename(registry)


def freeze(
    registry: str,
    files: dict[str, dict[str, TrackedFile]],
    tag: str,
    message: str,
    work_root: Path,
) -> FrozenSnapshot:
    """Freeze files of several datasets under one tag.

    Parameters
    ----------
    registry
        Git address of the registry.
    files
        For each dataset, exactly the files its folder shall hold, by name.
    tag
        The snapshot's name; it must be derived from the content, see `content_hash`.
    message
        The commit's message.
    work_root
        Folder for the temporary clone.

    Returns
    -------
    FrozenSnapshot
        The same for the same files, also when the tag was there before.

    Raises
    ------
    IntegrityError
        When a file does not hold the bytes its MD5 promises, or the tag holds other files.
    ConcurrentWriteError
        When other writers were first eight times in a row.
    SourceUnavailableError
        When the registry or its storage does not answer.
    """
    listings = build_listings(files)
    with open_registry(registry, work_root) as (clone, store):
        commit = _commit_of_tag(clone, tag, listings)
        if commit is not None:
            return _frozen(tag, commit, listings, 0)
        added = _add_objects(store, files)
        _add_listings(store, listings, clone.folder.parent)
        commit = _publish(clone, tag, listings, _sizes(files), message)
    return _frozen(tag, commit, listings, added)


def _commit_of_tag(clone: GitClone, tag: str, listings: dict[str, Listing]) -> str | None:
    commit = clone.find_tag(tag)
    if commit is not None:
        require_listings(clone, tag, {dataset: listing.oid for dataset, listing in listings.items()})
    return commit


def _add_objects(store: Any, files: dict[str, dict[str, TrackedFile]]) -> int:
    wanted = {file.md5: file.path for members in files.values() for file in members.values()}
    with storage_errors():
        new = sorted(wanted.keys() - set(store.oids_exist(sorted(wanted))))
    for md5 in new:
        if file_md5(wanted[md5]) != md5:
            raise IntegrityError(
                f"the file's MD5 is not the recorded {md5}",
                where=str(wanted[md5]),
                next_step="validate the partition again",
            )
    if new:
        with storage_errors():
            store.add([str(wanted[md5]) for md5 in new], LocalFileSystem(), new)
    return len(new)


def _add_listings(store: Any, listings: dict[str, Listing], folder: Path) -> None:
    for listing in listings.values():
        path = folder / listing.oid
        path.write_bytes(listing.text)
        with storage_errors():
            store.add(str(path), LocalFileSystem(), listing.oid)


def _publish(
    clone: GitClone, tag: str, listings: dict[str, Listing], sizes: dict[str, int], message: str
) -> str:
    """Push, and where another writer was first, build on what it left."""
    refusal = ""
    for attempt in range(ATTEMPTS):
        commit = clone.commit(_pointers(clone, listings, sizes), message)
        try:
            clone.push(tag)
        except GitError as error:
            refusal = str(error)
        else:
            return commit
        time.sleep(secrets.SystemRandom().uniform(0, 0.2 * (attempt + 1)))
        clone.start_over()
        by_another = _commit_of_tag(clone, tag, listings)
        if by_another is not None:
            return by_another
    raise ConcurrentWriteError(
        f"the registry refused the push {ATTEMPTS} times, last with: {refusal}",
        where=without_credentials(clone.registry),
        next_step="retry; if it stays, check that this worker may push to the registry",
    )


def _pointers(clone: GitClone, listings: dict[str, Listing], sizes: dict[str, int]) -> dict[str, str]:
    ignored = set((clone.read("HEAD", ".gitignore") or "").split()) | {f"/{name}" for name in listings}
    pointers = {f"{name}.dvc": write_pointer(name, item, sizes[name]) for name, item in listings.items()}
    return {**pointers, ".gitignore": "".join(f"{line}\n" for line in sorted(ignored))}


def _sizes(files: dict[str, dict[str, TrackedFile]]) -> dict[str, int]:
    return {name: sum(f.path.stat().st_size for f in members.values()) for name, members in files.items()}


def _frozen(tag: str, commit: str, listings: dict[str, Listing], added: int) -> FrozenSnapshot:
    oids = {dataset: listing.oid for dataset, listing in listings.items()}
    return FrozenSnapshot(tag, commit, content_hash(oids), oids, added)
