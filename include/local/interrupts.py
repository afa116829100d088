"""SIGTERM ends a command as Ctrl-C does, so that what it started is stopped."""

from __future__ import annotations

import signal
from types import FrameType


def treat_sigterm_as_interrupt() -> None:
    """Raise `KeyboardInterrupt` in the main thread when the process is asked to end."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
