"""A step in a process of its own that is to die; forked from a server that has imported everything once."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

# What steps import when they need it: imported once here, by the server, before it forks.
import include.adapters.dvc_registry
import include.adapters.gx_contract
import include.adapters.partition_changes
import include.steps.context_checks
import include.steps.judge_rows  # noqa: F401
from include.errors import RetryableError
from tests.support.kills.cases import CASES, shrink
from tests.support.kills.effects import Effects, call_after
from tests.support.kills.moments import name_of

TRY_AGAIN = 3
"""How a process ends whose step asks for a retry."""
_PATIENCE_SECONDS = 120
_COMMIT_TIME = "2024-03-01T00:00:00Z"
"""Commits of one content get one hash."""


@dataclass(frozen=True)
class Aim:
    """When a victim dies: before or after the n-th time that a moment comes, from zero."""

    moment: str
    time: int = 0
    when: Literal["before", "after"] = "before"
    held: bool = False
    """Whether it stops there and waits for its end, while another process does the same work."""


@dataclass(frozen=True)
class Lived:
    """What is said of a run that was let live.

    Attributes
    ----------
    moments
        How often each of them came, in the order of their first coming.
    strange
        Effects that no moment covers.
    seconds
        How long it took.
    """

    moments: dict[str, int]
    strange: list[str]
    seconds: float


def prepare(step: str, root: Path) -> None:
    """Bring an installation to where a step begins."""
    os.environ.update(GIT_AUTHOR_DATE=_COMMIT_TIME, GIT_COMMITTER_DATE=_COMMIT_TIME)
    logging.disable()
    shrink()
    CASES[step].prepare(root)


def work(step: str, root: Path, aim: Aim | None, line: Connection) -> None:
    """Run a step, to the end or to the moment aimed at; `line` is told of the start, a halt, and the end."""
    os.setsid()  # so that the programs it starts die with it, where that is wanted
    os.environ.update(GIT_AUTHOR_DATE=_COMMIT_TIME, GIT_COMMITTER_DATE=_COMMIT_TIME)
    log = os.open(root.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logging.disable()
    shrink()
    watch = _Watch(aim, line)
    Effects(root, watch.meet)
    line.send("started")
    started = monotonic()
    try:
        CASES[step].run(root)
    except RetryableError:
        traceback.print_exc()
        sys.exit(TRY_AGAIN)
    line.send(Lived(dict(watch.seen), watch.strange, monotonic() - started))


class _Watch:
    """Counts moments as they come and ends the process at the one that is aimed at."""

    def __init__(self, aim: Aim | None, line: Connection) -> None:
        self.seen: Counter[str] = Counter()
        self.strange: list[str] = []
        self._aim, self._line = aim, line

    def meet(self, effect: str) -> None:
        moment, aim = name_of(effect), self._aim
        if moment is None:
            self.strange.append(effect)
            return
        self.seen[moment] += 1
        if aim is None or (moment, self.seen[moment] - 1) != (aim.moment, aim.time):
            return
        if aim.when == "before":
            self._end()
        else:
            call_after(self._end)

    def _end(self) -> None:
        if self._aim is not None and self._aim.held:
            self._line.send("halted")
            sleep(_PATIENCE_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)
