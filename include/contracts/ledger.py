"""Entries of the ledger: what was decided and done about models, each sealed with the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Self

from include.contracts.base import Contract
from include.contracts.canonical import canonical_json

FIRST_PREVIOUS = "0" * 64
"""What the first entry names as the hash of the entry before it."""


class LedgerKind(StrEnum):
    """What an entry records."""

    DECISION = "decision"
    APPROVAL = "approval"
    PROMOTION = "promotion"
    REFUSAL = "refusal"
    ROLLBACK = "rollback"
    RETIREMENT = "retirement"
    REPRODUCTION = "reproduction"


class LedgerEntry(Contract):
    """One entry.

    Attributes
    ----------
    number
        1, 2, 3, … without a gap.
    kind, model
        What it records, and about which model.
    key
        What makes two entries the same: work that is repeated finds the entry of its first time.
    actor
        The person who did it, None where nobody did.
    reason
        Why, in words.
    recorded_at
        When, by the warehouse's clock, in UTC.
    body
        The facts, of JSON types.
    """

    number: int
    kind: LedgerKind
    model: str
    key: str
    actor: str | None
    reason: str
    recorded_at: str
    body: dict[str, Any]


class SealedEntry(Contract):
    """An entry as it is stored: its canonical JSON, and the hashes that tie it to the one before it."""

    content: str
    previous_sha256: str
    sha256: str

    @classmethod
    def seal(cls, entry: LedgerEntry, previous_sha256: str) -> Self:
        """Tie an entry to its predecessor."""
        content = canonical_json(entry.to_json())
        sha256 = chained_sha256(previous_sha256, content)
        return cls(content=content, previous_sha256=previous_sha256, sha256=sha256)

    def open(self) -> LedgerEntry:
        """Return the entry."""
        document: Mapping[str, Any] = json.loads(self.content)
        return LedgerEntry.from_json(dict(document))


class LedgerAlteration(Contract):
    """Something in the ledger, or in what it vouches for, that is not as it was written."""

    number: int
    problem: str

    def __str__(self) -> str:
        return f"entry {self.number}: {self.problem}"


class LedgerCheck(Contract):
    """What a check of the whole ledger found.

    `entries` were read; `sha256` is the hash of the last one: who keeps it elsewhere can prove later that
    nothing up to it was changed.
    """

    entries: int
    sha256: str
    alterations: list[LedgerAlteration]


def chained_sha256(previous_sha256: str, content: str) -> str:
    """Return the SHA-256 over the predecessor's hash, a line feed and the content in UTF-8."""
    return hashlib.sha256(f"{previous_sha256}\n{content}".encode()).hexdigest()


def promotion_key(model: str, version: int, effective_from: date) -> str:
    """Return the key of a candidate's promotion: there is one, whatever was judged again since."""
    return f"{LedgerKind.PROMOTION}:{model}:{version}:{effective_from}"


def refusal_key(model: str, version: int, evidence_sha256: str) -> str:
    """Return the key of a candidate's refusal on some evidence."""
    return f"{LedgerKind.REFUSAL}:{model}:{version}:{evidence_sha256}"


def decision_key(model: str, version: int, evidence_sha256: str) -> str:
    """Return the key of what the gates said of some evidence."""
    return f"{LedgerKind.DECISION}:{model}:{version}:{evidence_sha256}"


def approval_key(model: str, evidence_sha256: str) -> str:
    """Return the key of the answer to a promotion plan."""
    return f"{LedgerKind.APPROVAL}:{model}:{evidence_sha256}"
