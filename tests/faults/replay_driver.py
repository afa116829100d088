"""Runs `replay_quarantine` in a process of its own and kills it before its n-th visible effect.

An effect is a file that gets its name; what is written before has none, so nobody sees it. Started by
`tests.support.killing.start_driver`; prints how many effects there were.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from include.steps import replay_quarantine
from tests.support.killing import die
from tests.support.sources import DAY, inn_settings
from tests.support.two_days import NEXT, REASON, mending_specs


class Effects:
    """Counts effects, and dies before the one it is told."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        self.count = 0

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.count == self.last:
                die()
            self.count += 1
            return function(*args, **kwargs)

        return watched


def main(moment: str) -> None:
    given = json.load(sys.stdin)
    effects = Effects(None if moment == "never" else int(moment))
    os.link = effects.watch(os.link)
    os.replace = effects.watch(os.replace)
    settings = inn_settings(Path(given["root"]), given["url"])
    replay_quarantine.run(settings, mending_specs(), "stays", DAY, NEXT, given["file"], REASON, dry_run=False)
    sys.stdout.write(json.dumps({"effects": effects.count}))


if __name__ == "__main__":
    main(sys.argv[1])
