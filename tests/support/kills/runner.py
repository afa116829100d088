"""Kill a step, look at what is left, run it again, and compare with a run that nothing disturbed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any

from tests.support.kills import victim
from tests.support.kills.state import (
    Harm,
    Places,
    differences,
    harm_to,
    is_current,
    read_bytes,
    read_places,
)
from tests.support.kills.victim import Aim, Lived

SOMETIME = "at any instant"
BESIDE = ", beside another"
_PATIENCE_SECONDS = 300
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.kills.victim"])
_ASKED = Lock()
"""Held while anybody asks how a child ended: starting one asks all others too, and only the first is told."""


@dataclass(frozen=True)
class Outcome:
    """What one kill did.

    Attributes
    ----------
    step, moment
        Where.
    killed
        False where the step was at its end before.
    left
        Harm found right after the kill, before the retry: rows in none of the states before and after.
    harm
        Harm that the retry did not mend.
    differing
        Files with other bytes than after an undisturbed run.
    """

    step: str
    moment: str
    killed: bool
    left: Harm
    harm: Harm
    differing: list[str]

    @property
    def is_harmless(self) -> bool:
        return not (self.left.rows or self.harm.rows or self.differing)


class Child:
    """A step in a process of its own."""

    def __init__(self, step: str, root: Path, aim: Aim | None = None) -> None:
        self.said, line = _FORKS.Pipe(duplex=False)
        self.root = root
        self._process: ForkServerProcess = _FORKS.Process(target=victim.work, args=(step, root, aim, line))
        with _ASKED:
            self._process.start()
        line.close()

    def hear(self) -> Any:
        """Return the next thing it says, None where it is at its end."""
        if not self.said.poll(_PATIENCE_SECONDS):
            raise TimeoutError(f"a step does not go on: {self.problems()}")
        try:
            return self.said.recv()
        except EOFError:
            return None

    def kill(self) -> None:
        """Kill it with all programs it has started."""
        with _ASKED:
            alive = self._process.is_alive()
        if self._process.pid is not None and alive:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._process.kill()

    def end(self) -> int | None:
        wait([self._process.sentinel], _PATIENCE_SECONDS)
        with _ASKED:
            return self._process.exitcode

    def problems(self) -> str:
        log = self.root.with_suffix(".log")
        return log.read_text()[-3000:] if log.exists() else ""


class Range:
    """A step with the states before and after it, at one place, where it can be killed again and again.

    The place is always the same because a registry names the folder of its storage.
    """

    def __init__(self, step: str, folder: Path) -> None:
        self.step = step
        self.root, self._before = folder / "run", folder / "before"
        self.root.mkdir(parents=True)
        self._prepare()
        shutil.copytree(self.root, self._before)
        self.before = read_places(self.root)
        self.lived = self._live()
        self.after: Places = read_places(self.root)
        self._bytes, self._current = read_bytes(self.root), is_current(self.root)
        if self.lived.strange:
            raise AssertionError(f"{step}: no moment of tests/support/kills covers {self.lived.strange}")
        if self.after == self.before:
            raise AssertionError(f"{step} changes nothing, so killing it says nothing")

    def aims(self) -> Iterator[Aim]:
        """Yield every moment of the step: before its first coming and after its last."""
        for moment, times in self.lived.moments.items():
            yield Aim(moment, 0, "before")
            yield Aim(moment, times - 1, "after")

    def kill(self, aim: Aim) -> Outcome:
        """Kill the step at a moment."""
        self._reset()
        child = Child(self.step, self.root, aim)
        while child.hear() is not None:
            pass
        return self._judge(f"{aim.when} «{aim.moment}»", child)

    def kill_sometime(self, share: float) -> Outcome:
        """Kill the step after a share of the time it takes, with all programs it has started."""
        self._reset()
        child = Child(self.step, self.root)
        child.hear()
        sleep(share * self.lived.seconds)
        child.kill()
        return self._judge(SOMETIME, child)

    def kill_beside(self, aim: Aim, share: float) -> Outcome:
        """Let the step halt at a moment, start it once more beside, and kill the first while both work."""
        self._reset()
        halted = Child(self.step, self.root, Aim(aim.moment, aim.time, aim.when, held=True))
        halted.hear()
        if halted.hear() != "halted":
            raise AssertionError(f"{self.step} does not come to {aim}: {halted.problems()}")
        beside = Child(self.step, self.root)
        beside.hear()
        sleep(share * self.lived.seconds)
        halted.kill()
        self._require(beside, {0, victim.TRY_AGAIN})
        return self._judge(f"{aim.when} «{aim.moment}»{BESIDE}", halted, alone=False)

    def _judge(self, moment: str, child: Child, *, alone: bool = True) -> Outcome:
        killed = child.end() == -signal.SIGKILL
        if not killed:
            self._require(child, {0})
        left = harm_to(read_places(self.root), self.before, self.after)
        self._live()
        harm = harm_to(read_places(self.root), self.after)
        # Two at once may take another number of revisions to come to the same.
        same = differences(read_bytes(self.root), self._bytes) if alone else self._other_hashes()
        return Outcome(self.step, moment, killed, left, harm, same)

    def _other_hashes(self) -> list[str]:
        found = is_current(self.root)
        return sorted(name for name, value in self._current.items() if found.get(name) != value)

    def _prepare(self) -> None:
        process = _FORKS.Process(target=victim.prepare, args=(self.step, self.root))
        with _ASKED:
            process.start()
        wait([process.sentinel])
        with _ASKED:
            failed = process.exitcode
        if failed:
            raise AssertionError(f"{self.step} could not be prepared")

    def _reset(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self._before, self.root)

    def _live(self) -> Lived:
        child = Child(self.step, self.root)
        said = [child.hear(), child.hear()]
        self._require(child, {0})
        lived: Lived = said[1]
        return lived

    def _require(self, child: Child, codes: set[int]) -> None:
        code = child.end()
        if code not in codes:
            raise AssertionError(f"{self.step} ended with {code}: {child.problems()}")
