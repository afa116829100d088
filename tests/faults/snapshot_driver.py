"""Freezes or collects snapshots in a process of its own, which is killed at a given line of ours.

Started by `tests.support.killing.start_driver`; the moment is the number of the line among those run, or
`never`, which says how many there were.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import SecretStr

from include.adapters import dvc_garbage, dvc_registry
from include.adapters.dvc_listing import TrackedFile

OURS = str(Path(dvc_registry.__file__).parent) + os.sep


class Lines:
    """Counts the lines of our adapters as they are run and dies before the one that is named."""

    def __init__(self, last: int | None) -> None:
        self.run = 0
        self._last = last

    def __call__(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            self.run += 1
            if self.run == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def freeze(given: dict[str, Any], storage: SecretStr | None) -> None:
    files = {
        dataset: {name: TrackedFile(Path(path), md5) for name, (path, md5) in members.items()}
        for dataset, members in given["files"].items()
    }
    work = Path(given["work"])
    dvc_registry.freeze(given["registry"], files, given["tag"], "Freeze", work, storage=storage)


def collect(given: dict[str, Any], storage: SecretStr | None) -> None:
    dvc_garbage._DELETED_AT_ONCE = 3
    dvc_garbage.collect_garbage(
        given["registry"],
        lambda _: set(given["kept"]),
        datetime(2100, 1, 1, tzinfo=UTC),
        Path(given["work"]),
        dry_run=False,
        storage=storage,
    )


def main(moment: str) -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    storage = SecretStr(given["storage"]) if given["storage"] else None
    lines = Lines(None if moment == "never" else int(moment))
    sys.settrace(lines)
    {"freeze": freeze, "collect": collect}[given["what"]](given, storage)
    sys.settrace(None)
    sys.stdout.write(str(lines.run))


if __name__ == "__main__":
    main(sys.argv[1])
