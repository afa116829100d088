"""How much memory this process holds, and held at most."""

from __future__ import annotations

import re
from pathlib import Path


def resident_megabytes() -> float:
    """Return what it holds now, in MiB."""
    return _of_status("VmRSS")


def peak_megabytes() -> float:
    """Return the most it held, in MiB.

    Not getrusage's figure, which begins with what the process held that started this one.
    """
    return _of_status("VmHWM")


def _of_status(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("this system does not say how much memory a process takes")
    return int(found[1]) / 1024
