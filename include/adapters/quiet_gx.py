"""Keeps Great Expectations from telling a task's log about its own documentation.

While it is imported it logs some two hundred lines at level INFO about functions it does not document.
Import this first.
"""

from __future__ import annotations

import logging

logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
