"""Entries are sealed over all they say and the entry before them."""

from __future__ import annotations

import pytest

from include.contracts.ledger import FIRST_PREVIOUS, LedgerEntry, LedgerKind, SealedEntry, chained_sha256

ENTRY = LedgerEntry(
    number=1,
    kind=LedgerKind.PROMOTION,
    model="churn",
    key="promotion:churn:1",
    actor="ada",
    reason="better",
    recorded_at="2024-03-01T00:00:00.000000Z",
    body={"version": 1},
)


def test_a_seal_is_the_same_on_every_machine() -> None:
    sealed = SealedEntry.seal(ENTRY, FIRST_PREVIOUS)
    assert sealed.content == (
        '{"actor":"ada","body":{"version":1},"key":"promotion:churn:1","kind":"promotion","model":"churn",'
        '"number":1,"reason":"better","recorded_at":"2024-03-01T00:00:00.000000Z"}'
    )
    assert sealed.sha256 == "67aa12354cbecfe9804c8c9f918bf148a60e1954a2234d020a9757206e52a04e"
    assert sealed.open() == ENTRY


@pytest.mark.parametrize(
    "change",
    [{"number": 2}, {"model": "other"}, {"actor": None}, {"reason": "worse"}, {"body": {"version": 2}}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_an_entry_says_is_sealed(change: dict[str, object]) -> None:
    other = SealedEntry.seal(ENTRY.model_copy(update=change), FIRST_PREVIOUS)
    assert other.sha256 != SealedEntry.seal(ENTRY, FIRST_PREVIOUS).sha256


def test_the_entry_before_is_sealed_with_it() -> None:
    assert SealedEntry.seal(ENTRY, "1" * 64).sha256 != SealedEntry.seal(ENTRY, FIRST_PREVIOUS).sha256
    assert chained_sha256("1" * 64, "{}") != chained_sha256(FIRST_PREVIOUS, "{}")
