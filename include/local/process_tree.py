"""Looking at processes and ending them, where each may be gone from one line to the next."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable

import psutil

logger = logging.getLogger(__name__)


def find(pid: int) -> psutil.Process | None:
    """Return the living process of that number."""
    try:
        process = psutil.Process(pid)
        return process if is_alive(process) else None
    except psutil.NoSuchProcess:
        return None


def session_of(process: psutil.Process) -> int | None:
    """Return the number of the session a process belongs to."""
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return the children of a process, their children, and so on."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal; fine where the process has ended."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        logger.debug("process %s had ended", process.pid)


def end_all(processes: Iterable[psutil.Process]) -> None:
    """Ask processes to end, and kill those that do not."""
    left = [process for process in processes if is_alive(process)]
    for number, patience_seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
        for process in left:
            send(process, number)
        left = still_alive(left, patience_seconds)


def still_alive(processes: Iterable[psutil.Process], patience_seconds: float) -> list[psutil.Process]:
    """Wait until all have ended or patience has; return those that have not.

    `psutil.wait_procs` would count zombies as alive until somebody takes them off the process table.
    """
    deadline = time.monotonic() + patience_seconds
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if is_alive(process)]
    return left


def is_alive(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
