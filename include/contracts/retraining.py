"""What asks for a new version."""

from __future__ import annotations

from datetime import date

from include.contracts.base import Contract


class RetrainRequest(Contract):
    """A wish for a new version: what asked, why, and as of which day.

    `requested_by` is the person who started what asked, None where a schedule did.
    """

    model: str
    as_of: date
    source: str
    reason: str
    requested_by: str | None = None
