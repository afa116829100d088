"""Waiting for a server that was just started."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

import httpx

from include.errors import SourceUnavailableError
from include.local.processes import Processes

logger = logging.getLogger(__name__)

_PROGRESS_SECONDS = 10.0


def wait_until_healthy(
    processes: Processes, name: str, healthy: Callable[[], bool], *, timeout_seconds: float
) -> None:
    """Wait for a process to do its work.

    Parameters
    ----------
    healthy
        Asked again and again; never while the process is gone.

    Raises
    ------
    SourceUnavailableError
        When the process ended or the time is over; carries the end of its log.
    """
    began = reported = time.monotonic()
    while processes.is_running(name):
        if healthy():
            logger.info("%s answers after %.1f s", name, time.monotonic() - began)
            return
        now = time.monotonic()
        if now - began > timeout_seconds:
            raise _failure(processes, name, f"{name} does not answer after {timeout_seconds:.0f} s")
        if now - reported > _PROGRESS_SECONDS:
            reported = now
            logger.info("waiting for %s (%.0f s)", name, now - began)
        time.sleep(0.2)
    raise _failure(processes, name, f"{name} ended at its start")


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


def _failure(processes: Processes, name: str, what: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{what}; its last lines:\n{processes.log_end(name)}",
        where=str(processes.log(name)),
        next_step="read the log named here",
    )
