"""Whether a ledger is what it was when it was written, and what it says about a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from include.contracts.ledger import (
    FIRST_PREVIOUS,
    LedgerAlteration,
    LedgerEntry,
    LedgerKind,
    SealedEntry,
    chained_sha256,
)
from include.errors import FatalError

SERVING = frozenset({LedgerKind.PROMOTION, LedgerKind.ROLLBACK})
"""The kinds of entries that change who serves."""


def walk_chain(
    sealed: Iterable[SealedEntry],
) -> Iterator[tuple[SealedEntry, LedgerEntry | None, list[LedgerAlteration]]]:
    """Yield each entry with what is wrong with it: its content, its number, its tie to the one before.

    Parameters
    ----------
    sealed
        All entries as they are stored, in the order of their numbers.
    """
    number, previous = 0, FIRST_PREVIOUS
    for stored in sealed:
        entry, wrong = _open(stored, number + 1)
        if entry is not None and entry.number != number + 1:
            wrong.append(_gap(number + 1, entry.number - 1))
        elif stored.previous_sha256 != previous:
            wrong.append(
                LedgerAlteration(
                    number=number,
                    problem=f"entry {number + 1} was not written after this one: one of them was replaced",
                )
            )
        number, previous = entry.number if entry else number + 1, stored.sha256
        yield stored, entry, wrong


def _open(stored: SealedEntry, expected: int) -> tuple[LedgerEntry | None, list[LedgerAlteration]]:
    try:
        entry = stored.open()
    except (FatalError, ValidationError, ValueError):
        return None, [LedgerAlteration(number=expected, problem="its content is no entry of a ledger")]
    if chained_sha256(stored.previous_sha256, stored.content) == stored.sha256:
        return entry, []
    return entry, [LedgerAlteration(number=entry.number, problem="it was changed after it was written")]


def _gap(first: int, last: int) -> LedgerAlteration:
    missing = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return LedgerAlteration(number=first, problem=f"{missing} missing")


def compare_row(entry: LedgerEntry, row: Mapping[str, Any] | None, table: str) -> list[LedgerAlteration]:
    """Hold a row of a table against the entry that recorded it.

    Parameters
    ----------
    entry
        A promotion, a rollback or a retirement.
    row
        The row of its number, of JSON types; None where there is none.
    table
        Its table, for the message.
    """
    if row is None:
        return [LedgerAlteration(number=entry.number, problem=f"its row in {table} is gone")]
    facts = {
        **entry.body,
        "model": entry.model,
        "kind": str(entry.kind),
        "reason": entry.reason,
        "actor": entry.actor,
    }
    wrong = sorted(name for name, value in row.items() if facts.get(name) != value)
    if not wrong:
        return []
    said = "; ".join(f"{name} is {row[name]!r}, was {facts.get(name)!r}" for name in wrong)
    problem = f"its row in {table} was changed: {said}"
    return [LedgerAlteration(number=entry.number, problem=problem)]


def compare_tags(
    tags: Mapping[tuple[str, int], tuple[str, str]], hashes: Mapping[int, str], last: int
) -> list[LedgerAlteration]:
    """Hold what the model registry kept of the ledger against the ledger.

    An entry that the registry names and the ledger lacks, or has with another hash, says that the ledger's
    end was cut off or that it was written anew.

    Parameters
    ----------
    tags
        Number and hash of an entry by model and version, as the versions' tags say.
    hashes
        The hash of each entry that tags name, as far as there is one.
    last
        The number of the last entry.
    """
    found = []
    for (model, version), (number, sha256) in sorted(tags.items()):
        named = f"version {version} of {model} was registered as recorded by it"
        if not number.isdecimal() or int(number) > last:
            problem = f"{named}, and the ledger ends with {last}: its end was cut off"
        elif hashes.get(int(number)) != sha256:
            problem = f"{named} with another hash: it or an entry before it was written anew"
        else:
            continue
        found.append(LedgerAlteration(number=int(number) if number.isdecimal() else 0, problem=problem))
    return found


def serving_entry(entries: Iterable[LedgerEntry], day: date) -> LedgerEntry | None:
    """Return the entry by which a version serves a day: of those that start up to it the one recorded last.

    Parameters
    ----------
    entries
        Of one model, in the order of their numbers.
    day
        Which day.
    """
    found = None
    for entry in entries:
        if entry.kind in SERVING and date.fromisoformat(entry.body["effective_from"]) <= day:
            found = entry
    return found
