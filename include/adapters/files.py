"""Files that are whole or not there: written beside their place, flushed, then put in it at once."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from include.errors import DiskFullError


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what is there; a reader sees the old bytes or the new ones.

    The data is on disk when this returns, and so is the name.
    """
    with _written_beside(path, data) as temporary:
        temporary.replace(path)
        flush_folder(path.parent)


def create_exclusively(path: Path, data: bytes) -> bool:
    """Put `data` at `path` unless something is there already.

    Returns
    -------
    bool
        False where `path` exists; it was not touched then.
    """
    with _written_beside(path, data) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        flush_folder(path.parent)
        return True


@contextmanager
def named_when_full(folder: Path) -> Iterator[None]:
    """Say which disk it is that has no room left, and what to do.

    Raises
    ------
    DiskFullError
        In place of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise disk_full(folder) from error


def disk_full(folder: Path) -> DiskFullError:
    """Return the error for a folder whose disk has no room left."""
    return DiskFullError(
        "no room is left on the disk; nothing was kept of what was being written",
        where=str(folder),
        next_step="make room there; a retry does the work anew",
    )


@contextmanager
def _written_beside(path: Path, data: bytes) -> Iterator[Path]:
    # In the same folder, because neither a rename nor a hard link crosses file systems. Of a process
    # killed here a hidden file remains that no reader looks at.
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    with named_when_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


def holds_sha256(path: Path, sha256: str | None) -> bool:
    """Say whether there is a file at `path` whose bytes have this hash."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def flush_file(path: Path) -> None:
    """Put a file's bytes on disk, whoever wrote them."""
    _flush(path)


def flush_folder(folder: Path) -> None:
    """Put the names in a folder on disk, not only the files' bytes."""
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
