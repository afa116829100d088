"""Child processes: started with a log and a record, found again by a later launcher, stopped as a tree."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from include.local.accounts import Account
from include.local.process_tree import descendants, end_all, find, send, session_of, still_alive

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_CLOCK_TOLERANCE_SECONDS = 2.0
"""Start times are counted from the boot time, which moves a little when the clock is corrected."""


@dataclass(frozen=True)
class Command:
    """What to run, and how to ask it to end."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account = field(default_factory=Account)


class Processes:
    """The child processes of one state folder.

    A process is known by its number *and* its start time, and its orphaned children by the session
    it led *and* a working folder inside the state folder: no stranger is ever signalled.

    Parameters
    ----------
    state
        The state folder; `run/` holds the records, `logs/` the output.
    outlive_launcher
        False lets the kernel end every child when this process dies, however it dies. The kernel
        looks at the starting *thread*, so start children from the main thread only.
    """

    def __init__(self, state: Path, *, outlive_launcher: bool = False) -> None:
        self.state = state.resolve()
        self._outlive = outlive_launcher
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, command: Command) -> None:
        """Start a command in a session of its own."""
        log = self.log(command.name)
        for folder in (log.parent, self._record(command.name).parent):
            folder.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            child = subprocess.Popen(
                command.account.command(command.argv),
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if self._outlive else _dies_with_launcher(command.stop_signal),
                **command.account.options,
            )
        self._children[command.name] = child
        self._write_record(command, child.pid)

    def is_running(self, name: str) -> bool:
        """Whether the recorded process of that name runs."""
        return self._leader(name) is not None

    def wait(self, name: str, *, timeout_seconds: float) -> int:
        """Wait for a child of this launcher and return its exit code.

        Raises
        ------
        subprocess.TimeoutExpired
            When it still runs.
        """
        return self._children[name].wait(timeout=timeout_seconds)

    def names(self) -> list[str]:
        """All processes with a record, running or not."""
        return sorted(path.stem for path in (self.state / "run").glob("*.json"))

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.state / "logs" / f"{name}.log"

    def log_end(self, name: str, lines: int = 15) -> str:
        """The last lines a process wrote."""
        path = self.log(name)
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def stop(self, names: Iterable[str], *, timeout_seconds: float = 30) -> None:
        """End these processes and everything they started, all at once.

        Each leader is asked in its own way first; what is left of the trees after the timeout is
        killed. Names without a running process are fine.
        """
        names = list(names)
        leaders = {name: leader for name in names if (leader := self._leader(name)) is not None}
        members = {process for name in names for process in self._members(name)}
        for name, leader in leaders.items():
            send(leader, signal.Signals(int(self._facts(name)["stop_signal"])))
        still_alive(leaders.values(), timeout_seconds)
        members |= {process for name in names for process in self._members(name)}
        end_all(members)
        for name in names:
            self._forget(name)

    def _forget(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            # The last threads of an ended process may need a moment before it can be taken off the table.
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=10)
        self._record(name).unlink(missing_ok=True)

    def _record(self, name: str) -> Path:
        return self.state / "run" / f"{name}.json"

    def _write_record(self, command: Command, pid: int) -> None:
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:  # it ended at once; whoever waits for it will say so
            return
        facts = {"pid": pid, "started": started, "stop_signal": int(command.stop_signal)}
        record = self._record(command.name)
        temporary = record.with_suffix(".new")
        temporary.write_text(json.dumps(facts), encoding="utf-8")
        temporary.replace(record)

    def _facts(self, name: str) -> dict[str, float]:
        record = self._record(name)
        facts: dict[str, float] = json.loads(record.read_text()) if record.exists() else {}
        return facts

    def _leader(self, name: str) -> psutil.Process | None:
        if (child := self._children.get(name)) is not None:
            child.poll()  # takes an ended child off the process table
        facts = self._facts(name)
        process = find(int(facts["pid"])) if facts else None
        if process is None or abs(process.create_time() - facts["started"]) > _CLOCK_TOLERANCE_SECONDS:
            return None
        return process

    def _members(self, name: str) -> set[psutil.Process]:
        """The leader, its descendants, and members of its session whose parents are gone."""
        facts = self._facts(name)
        if not facts:
            return set()
        leader, pid = self._leader(name), int(facts["pid"])
        if leader is None and find(pid) is not None:
            return set()  # the number belongs to a stranger now, so nothing of the session is left
        found = {p for p in psutil.process_iter() if session_of(p) == pid and self._works_here(p)}
        if leader is not None:
            found |= {leader, *descendants(leader)}
        return found

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()).is_relative_to(self.state)
        except psutil.Error:
            return False


def _dies_with_launcher(stop_signal: signal.Signals) -> Callable[[], None] | None:
    libc, launcher = _LIBC, os.getpid()
    if libc is None:
        return None

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != launcher:  # it died between the fork and the request
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_the_kernel
