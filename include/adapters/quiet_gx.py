"""Keeps Great Expectations from telling a task's log about itself.

While it is imported it logs some two hundred lines at level INFO about functions it does not document
and metrics it registers twice, and with each context that it has no data sources. Import this first.
"""

from __future__ import annotations

import logging
import warnings

for _name in ("_docs_decorators", "expectations.registry", "datasource.fluent.config"):
    logging.getLogger(f"great_expectations.{_name}").setLevel(logging.WARNING)

# It searches for a contract's patterns with pandas, which warns of groups that it could have extracted.
warnings.filterwarnings("ignore", "This pattern is interpreted as a regular expression", UserWarning)
