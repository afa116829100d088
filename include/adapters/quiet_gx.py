"""Keeps Great Expectations from telling a task's log about itself.

While it is imported it logs some two hundred lines at level INFO about functions it does not document
and metrics it registers twice. Import this first.
"""

from __future__ import annotations

import logging

for _name in ("_docs_decorators", "expectations.registry"):
    logging.getLogger(f"great_expectations.{_name}").setLevel(logging.WARNING)
