"""What a step of the model plane does to the world: requests to MLflow, statements and commits, its files."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Engine, event

from tests.support.kills.effects import effect_of

_REQUEST = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) (/\S*)")
_NAMES = (
    (re.compile(r"\?.*$"), ""),
    (re.compile(r"/artifacts/.*$"), "/artifacts/FILE"),
    (re.compile(r"[0-9a-f]{32,64}"), "HASH"),
)
_WORK_FOLDER = re.compile(r"(?<=work/)[^/]+(?=/|$)")
_READS = ("select", "show", "set transaction")


def request_of(data: object) -> str | None:
    """Name the request that begins with these bytes; None where they go on with one."""
    request = _REQUEST.match(data) if isinstance(data, bytes) else None
    if request is None:
        return None
    path = request[2].decode()
    for pattern, name in _NAMES:
        path = pattern.sub(name, path)
    return f"{request[1].decode()} {path}"


def statement_of(statement: str) -> str | None:
    """Name a statement by its first words; None where it only reads.

    A process that dies before a read dies right after the write before it.
    """
    words = " ".join(statement.split()[:3])
    return None if words.lower().startswith(_READS) else words


class ModelEffects:
    """Tells a listener of each effect right before it takes place, one at a time.

    Parameters
    ----------
    root
        Of the installation: files below it count, and programs that are started.
    listener
        Called with the effect.
    """

    def __init__(self, root: Path, listener: Callable[[str], None]) -> None:
        self._root, self._listener, self._lock = str(root), listener, RLock()
        sys.addaudithook(self._hear)
        event.listen(Engine, "before_cursor_execute", self._hear_statement)
        event.listen(Engine, "commit", lambda _: self._tell("commit"))

    def _hear(self, name: str, arguments: Sequence[Any]) -> None:
        if name == "http.client.send":
            self._tell(request_of(arguments[1]))
            return
        effect = effect_of(name, arguments, self._root)
        if effect is not None and (effect.startswith("run ") or " /" not in effect):
            self._tell(_WORK_FOLDER.sub("FOLDER", effect))

    def _hear_statement(self, _conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._tell(statement_of(statement))

    def _tell(self, effect: str | None) -> None:
        if effect is not None:
            with self._lock:
                self._listener(effect)
