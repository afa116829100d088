"""What scoring hands on."""

from __future__ import annotations

from datetime import date

from include.contracts.base import Contract


class PublicationRef(Contract):
    """The published predictions of one model and partition."""

    model: str
    ds: date
    revision: int
    rows: int
    model_version: int
    content_hash: str
    changed: bool
    """False where the same answer was published before and nothing was written."""
