"""From mended rows to corrections: which row stands for which, and on which day it belongs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa

from include.core.corrections import Correction, Row, row_sha256
from include.errors import ReplayError, name_some
from include.specs.dataset import QUARANTINE_COLUMNS, REPLAY_COLUMNS


class Action(StrEnum):
    """What a person wants done with a quarantined row."""

    REPLACE = "replace"
    LEAVE_OUT = "leave_out"


@dataclass(frozen=True)
class MendedRow:
    """One row of a file: `number` counts from one, `name` is the hash of the quarantined row."""

    number: int
    ds: date
    name: str
    action: Action
    row: Row


@dataclass
class DayPlan:
    """The corrections of one partition that a file asks for."""

    own: list[Correction] = field(default_factory=list)
    arriving: list[Correction] = field(default_factory=list)

    @property
    def corrections(self) -> list[Correction]:
        """All of them."""
        return [*self.own, *self.arriving]

    def counts(self) -> dict[str, int]:
        """Count what happens to rows, by kind."""
        return {
            "replaced": sum(c.row is not None for c in self.own),
            "left_out": sum(c.row is None and c.moved_to is None for c in self.own),
            "moved_away": sum(c.moved_to is not None for c in self.own),
            "arrived": len(self.arriving),
        }


def mendable(quarantine: pa.Table, ds: date) -> pa.Table:
    """Return a day's quarantined rows with `REPLAY_COLUMNS` before them and their rules in words after."""
    rows = quarantine.drop_columns(list(QUARANTINE_COLUMNS))
    names = [row_sha256(row) for row in rows.to_pylist()]
    values = ([ds] * len(names), names, [str(Action.REPLACE)] * len(names))
    types = (pa.date32(), pa.string(), pa.string())
    added = {n: pa.array(v, t) for n, v, t in zip(REPLAY_COLUMNS, values, types, strict=True)}
    words = {
        n: pa.array(["; ".join(v) for v in quarantine[n].to_pylist()], pa.string())
        for n in QUARANTINE_COLUMNS
    }
    return pa.table({**added, **{name: rows[name] for name in rows.column_names}, **words})


def mended_rows(table: pa.Table, columns: Sequence[str]) -> Iterator[MendedRow]:
    """Take the rows of a file one by one.

    Raises
    ------
    ReplayError
        Where a row does not say which it is, or what to do with it.
    """
    for number, values in enumerate(table.to_pylist(), start=1):
        ds, name, action = (values[column] for column in REPLAY_COLUMNS)
        if ds is None or name is None:
            raise _problem(f"row {number} does not say which row of the quarantine it is", "keep the columns"
                           f" {', '.join(REPLAY_COLUMNS[:2])} as they were exported")  # fmt: skip
        if action not in set(Action):
            raise _problem(
                f"row {number}: quarantine_action is {action!r}", f"write one of {', '.join(Action)}"
            )
        yield MendedRow(number, ds, name, Action(action), {column: values[column] for column in columns})


def plan_replay(
    rows: Sequence[MendedRow],
    quarantined: Mapping[date, Sequence[Row]],
    event_time: str,
    reason: str,
    file_sha256: str,
) -> tuple[dict[date, DayPlan], int]:
    """Turn mended rows into corrections of partitions.

    Parameters
    ----------
    rows
        The file.
    quarantined
        The rows in quarantine of each day the file names, without what explains them. A day that is not
        in it has the file's corrections already; only what it sends to other days is planned.
    event_time
        The column that decides the day of a row.
    reason, file_sha256
        Recorded with each correction.

    Returns
    -------
    tuple
        Plan by day, days ascending; and how many rows were left as they are.

    Raises
    ------
    ReplayError
        Where a row is not in quarantine, or fewer or more of its copies are in the file, or a row has no
        event time.
    """
    seen = {ds: {row_sha256(row): row for row in found} for ds, found in quarantined.items()}
    _require_same_rows(rows, quarantined)
    plans: dict[date, DayPlan] = defaultdict(DayPlan)
    untouched = _untouched(rows, seen)
    for mended in rows:
        if (mended.ds, mended.name) in untouched:
            continue
        day = mended.ds if mended.action is Action.LEAVE_OUT else _day_of(mended, event_time)
        moved = day != mended.ds
        facts: dict[str, Any] = {"reason": reason, "file_sha256": file_sha256}
        if mended.ds in seen:
            original = seen[mended.ds][mended.name]
            gone = moved or mended.action is Action.LEAVE_OUT
            plans[mended.ds].own.append(
                Correction(
                    original, original, None if gone else mended.row, None, day if moved else None, **facts
                )
            )
        if moved:
            plans[day].arriving.append(Correction(None, None, mended.row, mended.ds, None, **facts))
    left = sum((mended.ds, mended.name) in untouched for mended in rows)
    return dict(sorted(plans.items())), left


def _untouched(rows: Sequence[MendedRow], seen: Mapping[date, Mapping[str, Row]]) -> set[tuple[date, str]]:
    """Find the rows that nobody changed, in none of their copies."""
    changed = {
        (mended.ds, mended.name)
        for mended in rows
        if mended.ds not in seen or mended.action is Action.LEAVE_OUT or row_sha256(mended.row) != mended.name
    }
    return {(mended.ds, mended.name) for mended in rows} - changed


def _require_same_rows(rows: Sequence[MendedRow], quarantined: Mapping[date, Sequence[Row]]) -> None:
    counted = {ds: Counter(map(row_sha256, found)) for ds, found in quarantined.items()}
    given = Counter((mended.ds, mended.name) for mended in rows)
    unknown = [m for m in rows if m.ds in counted and m.name not in counted[m.ds]]
    if unknown:
        named = name_some(f"row {m.number} ({m.ds})" for m in unknown)
        raise _problem(
            f"{len(unknown)} row(s) of the file are not in quarantine, or not any longer: {named}",
            "export the quarantine of these days again and mend that file",
        )
    for (ds, name), copies in given.items():
        if ds in counted and copies != counted[ds][name]:
            raise _problem(
                f"{counted[ds][name]} equal rows of {ds} are in quarantine, the file has {copies} of them"
                f" (quarantine_row {name[:12]}…)",
                f"keep all of them in the file; quarantine_action {Action.LEAVE_OUT} takes one out",
            )


def _day_of(mended: MendedRow, event_time: str) -> date:
    value = mended.row[event_time]
    if value is None:
        raise _problem(f"row {mended.number} has no {event_time}, so it belongs to no day", "fill it in")
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


def _problem(what: str, next_step: str) -> ReplayError:
    return ReplayError(what, where="replay", next_step=next_step)
