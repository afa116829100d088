"""Temporary folders that do not outlive their process for long.

A process that is killed cannot tidy up. Each folder is locked by whoever works in it, and the next one to
come removes those that nobody holds: a worker's disk does not fill up with what the dead left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def work_folder(work_root: Path, prefix: str) -> Iterator[Path]:
    """Give a folder of the caller's own below `work_root`, for as long as the block lasts."""
    work_root.mkdir(parents=True, exist_ok=True)
    with _locked(work_root):  # or a folder could be taken for an abandoned one before it is locked
        _remove_abandoned(work_root, prefix)
        folder = Path(tempfile.mkdtemp(dir=work_root, prefix=prefix))
        mine = _lock(folder, wait=False)
    try:
        yield folder
    finally:
        os.close(mine)
        shutil.rmtree(folder, ignore_errors=True)  # what stays is removed by the next one


def _remove_abandoned(work_root: Path, prefix: str) -> None:
    for folder in work_root.glob(f"{prefix}*/"):
        try:
            descriptor = _lock(folder, wait=False)
        except (BlockingIOError, FileNotFoundError):
            continue  # somebody works in it, or has just removed it
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _lock(path, wait=True)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, *, wait: bool) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor
