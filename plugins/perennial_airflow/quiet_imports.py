"""Importing skops inside an Airflow task without its side effects.

When it is imported, skops asks every loaded module for each of several hundred names. Airflow's
modules answer most of them with a deprecation warning: more than a thousand lines in the task's log and
three seconds. So they are out of sight for the moment of that import.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


def import_skops() -> None:
    """Import skops once, quietly; later imports find it loaded."""
    if "skops.io" not in sys.modules:
        # What skops itself needs is loaded first, in full sight.
        for library in ("numpy", "scipy.special", "sklearn.ensemble"):
            import_module(library)
        with _out_of_sight("airflow"):
            import_module("skops.io")


@contextmanager
def _out_of_sight(package: str) -> Iterator[None]:
    hidden = {name: module for name, module in sys.modules.items() if name.split(".")[0] == package}
    for name in hidden:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(hidden)
