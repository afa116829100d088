"""Snapshots: sets of partitions frozen under DVC in a git registry, named by their content.

A snapshot writes only what is new: the objects of new partitions, the listings of the months they belong
to, and a small commit. The order is objects, listings, then the git push, so a run that dies at any line
leaves at worst objects that nothing points to. Reading is the matter of `dvc_reader`.
Never run `dvc gc`: it knows one checkout, not all snapshots. `dvc_garbage` collects.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from include.adapters.dvc_listing import (
    Listing,
    build_listings,
    content_hash,
    stored_folders,
    write_pointer,
)
from include.adapters.dvc_store import changed_snapshot, open_registry, pointed_folders
from include.adapters.dvc_upload import Files, upload_lost, upload_new
from include.adapters.git_registry import BRANCH, GitClone, GitError, run_git, without_credentials
from include.errors import ConcurrentWriteError

ATTEMPTS = 8
NEWEST = "newest.json"
"""In the registry's newest commit: the tag of each model's last snapshot."""
GARBAGE = "garbage.json"
"""In the registry's newest commit while a collection removes the objects that it names."""
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
        (work / ".dvc" / "config").write_text(_CONFIG.format(url=_quoted(url)), encoding="utf-8")
        (work / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n", encoding="utf-8")
        (work / ".dvcignore").write_text("", encoding="utf-8")
        run_git(work, "add", ".dvc", ".dvcignore")
        run_git(work, "commit", "-q", "-m", "Start the data registry")
        run_git(work, "push", "-q", "origin", BRANCH)
        bare.rename(registry)


def _quoted(url: str) -> str:
    """Say an address so that DVC takes a comma or a hash sign in it for what it is."""
    return f"'{url}'" if '"' in url else f'"{url}"'


def freeze(
    registry: str,
    files: Files,
    tag: str,
    message: str,
    work_root: Path,
    *,
    storage: SecretStr | None = None,
    verify: bool = False,
) -> FrozenSnapshot:
    """Freeze files of several datasets under one tag.

    Parameters
    ----------
    registry
        Git address of the registry.
    files
        For each dataset, exactly the files its folder shall hold, by name; a name begins with the day.
    tag
        The snapshot's name; it must be derived from the content, see `content_hash`.
    message
        The commit's message.
    work_root
        Folder for the temporary clone.
    storage
        The storage's credentials, see `dvc_credentials`.
    verify
        Read every object back and write anew those that are lost; also where the tag is there.

    Returns
    -------
    FrozenSnapshot
        The same for the same files, also when the tag was there before.

    Raises
    ------
    IntegrityError
        When a file does not hold the bytes its MD5 promises, or the tag holds other files.
    ConcurrentWriteError
        When other writers were first eight times in a row, or the garbage collection is removing what
        the snapshot needs.
    SourceUnavailableError
        When the registry or its storage does not answer.
    """
    listings = build_listings(files)
    with open_registry(registry, work_root, storage) as (clone, store):
        mended = upload_lost(clone, store, files, listings) if verify else 0
        commit, added = _publish(clone, store, files, listings, tag, message)
    return _frozen(tag, commit, listings, mended + added)


def _publish(
    clone: GitClone, store: Any, files: Files, listings: dict[str, Listing], tag: str, message: str
) -> tuple[str, int]:
    """Push, and where another writer was first, build on what it left: also on what it removed."""
    refusal, added = "", 0
    for attempt in range(ATTEMPTS):
        commit = _commit_of_tag(clone, tag, listings)
        if commit is not None:
            return commit, added
        _refuse_garbage(clone, listings)
        newest = json.loads(clone.read("HEAD", NEWEST) or "{}")
        added += upload_new(clone, store, files, listings, newest.get(_series(tag)))
        commit = clone.commit(_pointers(clone, listings, {**newest, _series(tag): tag}), message)
        try:
            clone.push(tag)
        except GitError as error:
            refusal = str(error)
        else:
            return commit, added
        time.sleep(secrets.SystemRandom().uniform(0, 0.2 * (attempt + 1)))
        clone.start_over()
    raise refused_push(clone, refusal)


def refused_push(clone: GitClone, refusal: str) -> ConcurrentWriteError:
    """Return the error for a registry that took none of `ATTEMPTS` pushes."""
    return ConcurrentWriteError(
        f"the registry refused the push {ATTEMPTS} times, last with: {refusal}",
        where=without_credentials(clone.registry),
        next_step="retry; if it stays, check that this worker may push to the registry",
    )


def _commit_of_tag(clone: GitClone, tag: str, listings: dict[str, Listing]) -> str | None:
    commit = clone.find_tag(tag)
    if commit is None:
        return None
    for dataset, listing in listings.items():
        found = pointed_folders(clone, f"refs/tags/{tag}", dataset)
        if found not in (_pointed(dataset, listing), {dataset: listing.oid}):  # the latter: before months
            raise changed_snapshot(tag, f"it does not hold listing {listing.oid} of {dataset}")
    return commit


def _pointed(dataset: str, listing: Listing) -> dict[str, str]:
    return {path: part.oid for path, part in stored_folders(dataset, listing).items()}


def _refuse_garbage(clone: GitClone, listings: Mapping[str, Listing]) -> None:
    """A doomed object may vanish at any moment, and one that is written anew as well."""
    doomed = set(json.loads(clone.read("HEAD", GARBAGE) or "[]"))
    if not doomed:
        return
    parts = [part for name, listing in listings.items() for part in stored_folders(name, listing).values()]
    needed = {part.oid for part in parts} | {md5 for part in parts for md5 in part.files.values()}
    if needed & doomed:
        raise ConcurrentWriteError(
            f"{len(needed & doomed)} objects of this snapshot are being removed by a garbage collection",
            where=without_credentials(clone.registry),
            next_step="nothing while the DAG snapshot_garbage runs: a retry writes them anew;"
            " if it was stopped, trigger it again with `dry_run` off, it finishes first",
        )


def _series(tag: str) -> str:
    return tag.rpartition("/")[0]


def _pointers(clone: GitClone, listings: dict[str, Listing], newest: dict[str, str]) -> dict[str, str]:
    ignored = set((clone.read("HEAD", ".gitignore") or "").split()) | {f"/{name}" for name in listings}
    pointers = {f"{name}.dvc": write_pointer(stored_folders(name, item)) for name, item in listings.items()}
    return {
        **pointers,
        ".gitignore": "".join(f"{line}\n" for line in sorted(ignored)),
        NEWEST: json.dumps(newest, indent=1, sort_keys=True) + "\n",
    }


def _frozen(tag: str, commit: str, listings: dict[str, Listing], added: int) -> FrozenSnapshot:
    oids = {dataset: listing.oid for dataset, listing in listings.items()}
    return FrozenSnapshot(tag, commit, content_hash(oids), oids, added)
