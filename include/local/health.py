"""Waiting for a server that was just started."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import httpx

from include.errors import SourceUnavailableError
from include.local.processes import Processes

logger = logging.getLogger(__name__)

_PROGRESS_SECONDS = 10.0


def wait_until_healthy(
    processes: Processes,
    names: Sequence[str],
    healthy: Callable[[], bool],
    *,
    timeout_seconds: float,
    note: Callable[[str], None] = logger.info,
) -> None:
    """Wait for processes that do their work together.

    Parameters
    ----------
    names
        The processes; the last one gives the log shown when the time is over.
    healthy
        Asked again and again while all of them run.
    note
        Told now and then how long the waiting lasts.

    Raises
    ------
    SourceUnavailableError
        When a process ended or the time is over; carries the end of its log.
    """
    began = reported = time.monotonic()
    while not healthy():
        for name in names:
            if not processes.is_running(name):
                raise startup_failure(processes, name, f"{name} ended at its start")
        now = time.monotonic()
        if now - began > timeout_seconds:
            what = f"{', '.join(names)}: no healthy answer after {timeout_seconds:.0f} s"
            raise startup_failure(processes, names[-1], what)
        if now - reported > _PROGRESS_SECONDS:
            reported = now
            note(f"waiting for {', '.join(names)} ({now - began:.0f} s)")
        time.sleep(0.2)
    logger.info("%s healthy after %.1f s", ", ".join(names), time.monotonic() - began)


def answers(url: str) -> bool:
    """Whether a GET request is answered with 200."""
    return fetch(url) is not None


def fetch(url: str) -> httpx.Response | None:
    """Return the answer to a GET request if it is 200."""
    try:
        response = httpx.get(url, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return None
    return response if response.status_code == HTTPStatus.OK else None


def startup_failure(processes: Processes, name: str, what: str) -> SourceUnavailableError:
    """Return the error for a process that did not come up, with the end of its log."""
    return SourceUnavailableError(
        f"{what}; its last lines:\n{processes.log_end(name)}",
        where=str(processes.log(name)),
        next_step="read the log named here",
    )
