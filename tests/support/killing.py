"""Killing a step at a given moment: SIGKILL from within, sent where one function is replaced.

A driver is a script that reads one JSON document from standard input, arms a moment and runs a step;
the step itself knows nothing of it.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def die(*_: Any, **__: Any) -> None:
    """Stand in for a function that is never reached alive."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function do its work, and die before it returns."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return wrapped


def start_driver(driver: Path, moment: str, document: Mapping[str, Any]) -> subprocess.Popen[str]:
    """Start a driver in a process of its own and hand it its document."""
    process = subprocess.Popen(
        [sys.executable, str(driver), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if process.stdin is None:
        raise TypeError("the process has no standard input")
    process.stdin.write(json.dumps(document))
    process.stdin.close()
    process.stdin = None  # `communicate` would flush it
    return process
