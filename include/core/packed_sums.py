"""Several whole sums over one window as a single sum of 128 bits.

What a window costs is the number of functions over it, hardly what they compute. Sums and counts whose
size is known beforehand are therefore put side by side into one whole number for each row, added up once,
and taken apart again: exactly what each would have been on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BITS = 125
"""Room for fields in a signed number of 128 bits, with some to spare."""


@dataclass(frozen=True)
class Bounds:
    """How large the sums over a dataset's rows can become.

    Attributes
    ----------
    rows
        How many rows there are.
    largest
        The largest absolute value of each column's whole numbers, by column.
    """

    rows: int
    largest: Mapping[str, int]

    def bits(self, largest: int) -> int:
        """Return the width of a signed sum of values up to this size."""
        return (self.rows * largest).bit_length() + 1


@dataclass(frozen=True)
class Field:
    """One sum within a pack.

    Attributes
    ----------
    term
        What a row adds to it: an expression that is never missing.
    bits
        The width of the sum, its sign included.
    """

    term: str
    bits: int


@dataclass
class Pack:
    """Fields that are added up in one number."""

    name: str
    fields: list[Field] = field(default_factory=list)

    def has_room(self, one: Field) -> bool:
        """Tell whether a field fits beside the others."""
        return sum(other.bits for other in self.fields) + one.bits <= BITS

    def packed(self) -> str:
        """Return what a row adds to the pack."""
        return " + ".join(
            f"CAST({one.term} AS HUGEINT) * {1 << self._shift(one)}::HUGEINT" for one in self.fields
        )

    def unpacked(self, total: str, one: Field) -> str:
        """Return a field of a sum of rows; missing where there were none.

        With half of its range added to each field none is negative, so that none borrows from its neighbour.
        """
        halves = sum(1 << (self._shift(other) + other.bits - 1) for other in self.fields)
        bits = f"(({total} + {halves}::HUGEINT) >> {self._shift(one)}) & {(1 << one.bits) - 1}::HUGEINT"
        return f"({bits}) - {1 << (one.bits - 1)}::HUGEINT"

    def _shift(self, one: Field) -> int:
        return sum(other.bits for other in self.fields[: self.fields.index(one)])


class Packs:
    """Puts fields into packs as they are asked for."""

    def __init__(self) -> None:
        self._packs: list[Pack] = []

    def of(self, one: Field) -> Pack | None:
        """Return the pack of a field, in which it stands from now on; None if it is too wide for any."""
        if one.bits > BITS:
            return None
        for pack in self._packs:
            if one in pack.fields:
                return pack
        found = next((pack for pack in self._packs if pack.has_room(one)), None)
        if found is None:
            found = Pack(f'"#pack{len(self._packs)}"')
            self._packs.append(found)
        found.fields.append(one)
        return found

    def select(self) -> list[str]:
        """Return the select list that computes what each row adds to each pack."""
        return [f"{pack.packed()} AS {pack.name}" for pack in self._packs if len(pack.fields) > 1]
