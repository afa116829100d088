"""Corrections by hand: what a person put in the place of rows that a contract refused.

A correction stands for exactly the row it was written for. It is applied whenever that row comes from
the source again; where the source changed the row, the source wins and the correction is superseded. So
no correction is undone by reading an unchanged source again, and none hides a change of the source.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Row: TypeAlias = Mapping[str, Any]
"""The values of one row by column, as Arrow gives them to Python."""


@dataclass(frozen=True)
class Correction:
    """What a person decided about one row of a partition.

    Attributes
    ----------
    source_row
        The row as the source has it; None where it came here from another day.
    seen_row
        The row the person saw in quarantine, which an earlier correction may have made; None as above.
    row
        What stands instead; None where it was left out or belongs to another day.
    moved_from, moved_to
        The other day of a row whose event time was corrected.
    reason, file_sha256
        Why, and the file that says so.
    """

    source_row: Row | None
    seen_row: Row | None
    row: Row | None
    moved_from: date | None
    moved_to: date | None
    reason: str
    file_sha256: str


def row_sha256(row: Row) -> str:
    """Hash a row by its values, whatever the order of its columns."""
    values = {name: _canonical(value) for name, value in row.items()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, float):
        return value + 0.0  # the lake knows no negative zero
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date


class Overlay:
    """Corrections to put over the rows of one partition.

    Parameters
    ----------
    schema
        Of the partition's rows.
    key
        The columns that name a row.
    replacements
        Rows to be replaced, each with what takes its place (None: nothing). A row that stands several
        times is in here as often.
    arrivals
        Rows from other days. A row of the source with the same key takes precedence over them.

    Attributes
    ----------
    applied, superseded
        How many corrections were; known once `apply` is exhausted.
    """

    def __init__(
        self,
        schema: pa.Schema,
        key: Sequence[str],
        replacements: Iterable[tuple[Row, Row | None]],
        arrivals: Iterable[Row],
    ) -> None:
        self.schema = schema
        self.key = list(key)
        self.applied = self.superseded = 0
        self._instead: dict[str, list[Row | None]] = defaultdict(list)
        self._arrivals = list(arrivals)
        first_keys = [row[self.key[0]] for row in self._arrivals]
        for original, row in replacements:
            self._instead[row_sha256(original)].append(row)
            first_keys.append(original[self.key[0]])
        self._first_keys = pa.array(first_keys, schema.field(self.key[0]).type)

    def apply(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the corrected rows, those that were corrected last.

        Only rows whose first key column is that of a correction are looked at one by one.
        """
        found: Counter[str] = Counter()
        originals: dict[str, Row] = {}
        taken: set[str] = set()
        for batch in batches:
            keep = self._sort_out(batch, found, originals, taken)
            yield batch if keep is None else batch.filter(keep)
        rows = [*self._replaced(found, originals), *self._arriving(taken)]
        if rows:
            yield pa.RecordBatch.from_pylist([dict(row) for row in rows], self.schema)

    def _sort_out(
        self, batch: pa.RecordBatch, found: Counter[str], originals: dict[str, Row], taken: set[str]
    ) -> pa.Array | None:
        """Note the batch's rows that are corrected, and the keys that stay; say which rows stay."""
        candidates = pc.is_in(batch.column(self.key[0]), value_set=self._first_keys)
        positions = pc.indices_nonzero(candidates)
        gone = set()
        for position, row in zip(positions.to_pylist(), batch.take(positions).to_pylist(), strict=True):
            name = row_sha256(row)
            if name in self._instead:
                found[name] += 1
                originals[name] = row
                gone.add(position)
            else:
                taken.add(self._key_of(row))
        if not gone:
            return None
        return pa.array([position not in gone for position in range(batch.num_rows)], pa.bool_())

    def _replaced(self, found: Counter[str], originals: dict[str, Row]) -> Iterator[Row]:
        for name, rows in self._instead.items():
            if found[name] == len(rows):
                self.applied += len(rows)
                yield from (row for row in rows if row is not None)
            else:  # the source has it more or less often than when it was corrected: it changed
                self.superseded += len(rows)
                yield from [originals[name]] * found[name] if found[name] else []

    def _arriving(self, taken: set[str]) -> Iterator[Row]:
        for row in self._arrivals:
            if self._key_of(row) in taken:
                self.superseded += 1
            else:
                self.applied += 1
                yield row

    def _key_of(self, row: Row) -> str:
        return row_sha256({name: row[name] for name in self.key})


def source_overlay(corrections: Sequence[Correction], schema: pa.Schema, key: Sequence[str]) -> Overlay:
    """Return what is put over rows that come from the source."""
    replacements = [(c.source_row, c.row) for c in corrections if c.source_row is not None]
    arrivals = [c.row for c in corrections if c.source_row is None and c.row is not None]
    return Overlay(schema, key, replacements, arrivals)


def replay_overlay(
    corrections: Sequence[Correction], file_sha256: str, schema: pa.Schema, key: Sequence[str]
) -> Overlay:
    """Return what one file's corrections put over the revision in which their rows were seen."""
    ours = [c for c in corrections if c.file_sha256 == file_sha256]
    replacements = [(c.seen_row, c.row) for c in ours if c.seen_row is not None]
    arrivals = [c.row for c in ours if c.seen_row is None and c.row is not None]
    return Overlay(schema, key, replacements, arrivals)


def join_corrections(earlier: Sequence[Correction], later: Sequence[Correction]) -> list[Correction]:
    """Join the corrections of a partition with newer ones, in an order that equal ones always have.

    A newer one may concern a row that an earlier one made: then both become one, from the source's row
    to the newest.
    """
    made: dict[str, list[int]] = defaultdict(list)
    joined = list(earlier)
    for position, correction in enumerate(joined):
        if correction.row is not None:
            made[row_sha256(correction.row)].append(position)
    for correction in later:
        before = made[row_sha256(correction.seen_row)] if correction.seen_row is not None else []
        if before:
            position = before.pop(0)
            joined[position] = _chain(joined[position], correction)
        else:
            joined.append(correction)
    return sorted(joined, key=_order)


def _chain(first: Correction, second: Correction) -> Correction:
    return replace(second, source_row=first.source_row, moved_from=first.moved_from or second.moved_from)


def _order(correction: Correction) -> tuple[str, ...]:
    rows = (correction.source_row, correction.seen_row, correction.row)
    return tuple("" if row is None else row_sha256(row) for row in rows)


def corrections_schema(schema: pa.Schema) -> pa.Schema:
    """Return the columns that corrections of rows of a schema are kept in."""
    row = pa.struct(list(schema))
    rows = [pa.field(name, row) for name in ("source_row", "seen_row", "row")]
    days = [pa.field(name, pa.date32()) for name in ("moved_from", "moved_to")]
    return pa.schema([*rows, *days, pa.field("reason", pa.string()), pa.field("file_sha256", pa.string())])


def corrections_table(corrections: Sequence[Correction], schema: pa.Schema) -> pa.Table:
    """Return corrections as a table, for keeping."""
    kept = corrections_schema(schema)
    values = [{name: getattr(correction, name) for name in kept.names} for correction in corrections]
    return pa.Table.from_pylist(values, kept)


def read_corrections(table: pa.Table) -> list[Correction]:
    """Return what `corrections_table` was given."""
    return [Correction(**values) for values in table.to_pylist()]


def key_holders(batches: Iterable[pa.RecordBatch], key: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return the rows of all batches that have the key of one of `rows`."""
    wanted = {row_sha256({name: row[name] for name in key}) for row in rows}
    found: list[Row] = []
    for batch in batches:
        column = batch.column(key[0])
        first = pa.array([row[key[0]] for row in rows], column.type)
        candidates = batch.filter(pc.is_in(column, value_set=first)).to_pylist()
        found += [row for row in candidates if row_sha256({name: row[name] for name in key}) in wanted]
    return found
