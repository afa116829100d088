"""One launcher at a time works with a state folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from include.errors import ConcurrentWriteError


class StateLock:
    """An advisory lock; the kernel releases it when its process ends, however it ends.

    Parameters
    ----------
    path
        The lock file; holds the number of the process that has the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock; fine where this object has it.

        Raises
        ------
        ConcurrentWriteError
            When another process has it.
        """
        if self._file is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise ConcurrentWriteError(
                f"process {holder} works with this state folder",
                where=str(self._path.parent),
                next_step="wait for it, end it with Ctrl-C, or name another folder with --state",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; fine where it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
