"""What a process does to the world, seen by Python itself: files, names, folders, programs it starts.

Python announces each such act to audit hooks right before it happens, whoever asks for it: our code, DVC,
or a library that is new tomorrow. So no list of functions has to be kept, and nothing is replaced. Not
seen is what native code writes by itself: DuckDB's spill files and Arrow's sort files, both below the
work folder, which nothing reads after its process.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from types import FrameType
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR
_OURS = str(Path(__file__).parents[3] / "include") + os.sep
_NAMES = (
    (re.compile(r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}"), "files/md5/OBJECT"),
    (re.compile(r"files/md5/[0-9a-f]{2}$"), "files/md5/XX"),
    (re.compile(r"[0-9a-f]{64}|[0-9a-f]{32}"), "HASH"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "DAY"),
    (re.compile(r"\b\d{4}\.json"), "NUMBER.json"),
)


def effect_of(event: str, arguments: Sequence[Any], root: str) -> str | None:
    """Say in one line what is about to happen, None where it changes nothing that lasts.

    Paths are relative to `root`; days, hashes and numbers of revisions are left out of them.
    """
    match event, arguments:
        case "open", (str() | bytes() | os.PathLike() as path, _, int() as flags) if flags & _WRITES:
            return _of_path("write", path, root)
        case (("os.rename" | "os.link" | "os.symlink"), (_, target, *_)):
            return _of_path("name", target, root)
        case "os.remove", (path, -1):
            return _of_path("remove", path, root)
        case "os.mkdir", (path, _, -1):
            return _of_path("make", path, root)
        case "shutil.rmtree", (path, *_):
            return _of_path("clear", path, root)
        case "os.truncate", (path, _):
            return _of_path("truncate", path, root)
        case "sqlite3.connect", (path,):
            return _of_path("open", path, root)
        case "subprocess.Popen", (_, list() as command, *_):
            return f"run {_program(command)}"
        case _:
            return None


def _of_path(verb: str, path: Any, root: str) -> str | None:
    text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - in a hook, which must not call much
    if text == os.devnull or "__pycache__" in text:
        return None
    text = os.path.relpath(text, root) if text.startswith(root + os.sep) else text
    for pattern, name in _NAMES:
        text = pattern.sub(name, text)
    return f"{verb} {text}"


def _program(command: Sequence[str]) -> str:
    words = [os.fsdecode(word) for word in command]
    return " ".join([words[0], words[3]]) if words[0] == "git" else words[0]


class Effects:
    """Tells a listener of each effect from now on, one at a time.

    Parameters
    ----------
    root
        Of the installation.
    listener
        Called with the effect right before it takes place.
    """

    def __init__(self, root: Path, listener: Callable[[str], None]) -> None:
        self._root, self._listener, self._lock = str(root), listener, Lock()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        effect = effect_of(event, arguments, self._root)
        if effect is not None and self._lock.acquire(blocking=False):  # not of what the listener does
            try:
                self._listener(effect)
            finally:
                self._lock.release()


def call_after(action: Callable[[], None]) -> None:
    """Call `action` once what is happening is done: before the next line of a function that is under way.

    Functions of the standard library do not count: a program that was started is at its end then.
    """

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        action()

    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_OURS) or "site-packages" in frame.f_code.co_filename:
            frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(lambda *_: None)
