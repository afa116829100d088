"""What a training runs on: fits of equal rows may differ between machines."""

from __future__ import annotations

import os
import platform

_GIGABYTE = 10**9


def describe_machine() -> dict[str, str]:
    """Return Python, platform, cores this process may use, and memory of the machine in GB, as tags."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIGABYTE
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": str(len(os.sched_getaffinity(0))),
        "memory_gb": f"{memory:.1f}",
    }
