"""The lock file by which PostgreSQL says that a server works in a data folder."""

from __future__ import annotations

from pathlib import Path

import psutil

_PORT_LINE = 3  # the first line is the server's process number


class PostmasterLock:
    """`postmaster.pid` of one data folder, written by the server itself."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def port(self) -> int | None:
        """Return the port the server listens on, if it has written it yet."""
        lines = self._lines()
        return int(lines[_PORT_LINE]) if len(lines) > _PORT_LINE else None

    def clear_stale(self) -> None:
        """Remove the lock of a killed server whose number a stranger or a zombie holds now.

        PostgreSQL takes any process of its own user with that number for a running server. It still
        refuses to start while sessions of the killed server live: they hold its shared memory.
        """
        lines = self._lines()
        if lines and not self._is_our_server(int(lines[0])):
            self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self._data / "postmaster.pid"

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []

    def _is_our_server(self, pid: int) -> bool:
        try:
            return Path(psutil.Process(pid).cwd()) == self._data
        except psutil.Error:
            return False
