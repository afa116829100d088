"""Pages of an API that were read so far, in a file: memory stays flat, and a retry can go on.

A page counts once it is committed with all its rows, so a process may be killed at any moment.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.adapters.work_folders import work_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS page (number INTEGER PRIMARY KEY, asked TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS row (
    number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key BLOB NOT NULL, page INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS row_key ON row (key);
CREATE TABLE IF NOT EXISTS name (name TEXT PRIMARY KEY);
"""


class RowChangedError(Exception):
    """A row came again with the same key and other content."""

    def __init__(self, key: str, page: int, earlier: int) -> None:
        super().__init__(key)
        self.key, self.page, self.earlier = key, page, earlier


@dataclass(frozen=True)
class Row:
    """One row: the values of its key, and of all columns in the order of the spec."""

    key: Sequence[Any]
    values: Sequence[Any]

    @property
    def data(self) -> str:
        """The values as text; equal values give equal text."""
        return json.dumps(self.values, separators=(",", ":"))


class PageStore:
    """The pages of one day, open; `open_pages` makes one."""

    def __init__(self, database: sqlite3.Connection, folder: Path | None) -> None:
        self._database, self._folder = database, folder
        database.executescript(_SCHEMA)

    def add(self, asked: str, rows: Sequence[Row], names: Iterable[str]) -> int:
        """Commit a page with its rows, and return how many of them are new.

        Rows of another page with equal content are the same rows. Rows of one page are all rows of
        their own, even where they are equal.

        Raises
        ------
        RowChangedError
            Where a row of another page has the same key and other content.
        """
        with self._transaction():
            page = self._next_page()
            self._database.execute("INSERT INTO page VALUES (?, ?, ?)", (page, asked, content_of(rows)))
            self._database.executemany(
                "INSERT OR IGNORE INTO name VALUES (?)", ((_storable(name),) for name in names)
            )
            repeated: Counter[str] = Counter()
            new = 0
            for row in rows:
                new += self._add_row(row, page, repeated[row.data])
                repeated[row.data] += 1
            return new

    def was_asked(self, asked: str) -> bool:
        """Say whether a page was asked for in these words before."""
        return self._one("SELECT count(*) FROM page WHERE asked = ?", asked) > 0

    def count_equal_pages(self, rows: Sequence[Row]) -> int:
        """Return how many pages hold exactly these rows."""
        return self._one("SELECT count(*) FROM page WHERE content = ?", content_of(rows))

    def last_page(self) -> tuple[str, bytes] | None:
        """Return what the newest page was asked by and its content's hash, None where there is none."""
        found = self._database.execute(
            "SELECT asked, content FROM page ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return None if found is None else (str(found[0]), bytes(found[1]))

    def count_pages(self) -> int:
        """Return how many pages there are."""
        return self._one("SELECT count(*) FROM page")

    def count_rows(self) -> int:
        """Return how many rows there are."""
        return self._one("SELECT count(*) FROM row")

    def names(self) -> list[str]:
        """Return the names that rows had."""
        return [str(name) for (name,) in self._database.execute("SELECT name FROM name ORDER BY name")]

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield each row's page and values, in the order in which they came."""
        for page, data in self._database.execute("SELECT page, data FROM row ORDER BY number"):
            yield int(page), json.loads(data)

    def forget_pages(self) -> None:
        """Let all pages be asked for again; their rows stay."""
        self._database.execute("DELETE FROM page")

    def clear(self) -> None:
        """Forget everything."""
        with self._transaction():
            for table in ("page", "row", "name"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 (the names stand above)

    def discard(self) -> None:
        """Leave nothing for another run to go on with."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _add_row(self, row: Row, page: int, occurrence: int) -> int:
        digest = _hash(f"{occurrence}:{row.data}")
        if self._one("SELECT count(*) FROM row WHERE digest = ?", digest):
            return 0
        key = _hash(json.dumps(row.key))
        if None not in row.key:  # rows without a key are a matter for the contract
            self._require_one_version(row, key, page)
        self._database.execute(
            "INSERT INTO row (digest, key, page, data) VALUES (?, ?, ?, ?)", (digest, key, page, row.data)
        )
        return 1

    def _require_one_version(self, row: Row, key: bytes, page: int) -> None:
        other = self._database.execute(
            "SELECT page FROM row WHERE key = ? AND page <> ?", (key, page)
        ).fetchone()
        if other is not None:
            raise RowChangedError(", ".join(map(str, row.key)), page, int(other[0]))

    def _next_page(self) -> int:
        """Return the next page's number; pages that are forgotten leave theirs to their rows."""
        last = "SELECT number FROM page UNION ALL SELECT page FROM row UNION ALL SELECT 0"
        return self._one(f"SELECT max(number) + 1 FROM ({last})")  # noqa: S608

    def _one(self, query: str, *values: Any) -> int:
        return int(self._database.execute(query, values).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def content_of(rows: Sequence[Row]) -> bytes:
    """Return a hash by which a page is known again, whatever the order of its rows."""
    return _hash("\n".join(sorted(row.data for row in rows)))


@contextmanager
def open_pages(work_root: Path, name: str | None) -> Iterator[PageStore]:
    """Open what was kept under a name, for as long as the block lasts.

    Parameters
    ----------
    work_root
        Folder for the files of running tasks.
    name
        Names dataset, day and how they are read; None where nothing shall be kept. A second run that
        comes while the first one still works keeps nothing either.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder(work_root / "http-pages" / name)) if name else None
        place = folder or stack.enter_context(work_folder(work_root, "http-"))
        yield PageStore(stack.enter_context(closing(_connect(place / "pages.sqlite"))), folder)


def _connect(path: Path) -> sqlite3.Connection:
    if path.exists() and not _is_sound(path):
        path.unlink()  # damaged with the machine's power; it is read again
    return sqlite3.connect(path, isolation_level=None)


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as database:
            return bool(database.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False


@contextmanager
def _own_folder(folder: Path) -> Iterator[Path | None]:
    """Lock a folder, or give None where another run has it."""
    descriptor = _lock(folder)
    try:
        yield None if descriptor is None else folder
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(folder: Path) -> int | None:
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # removed by a run that has just ended
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if folder.exists() and os.fstat(descriptor).st_ino == folder.stat().st_ino:
            return descriptor
        os.close(descriptor)


def _storable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
