"""Whether rows belong to the days they were delivered for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import SourceError


@dataclass(frozen=True)
class DayCheck:
    """The UTC days that a delivery may have rows of."""

    event_time: str
    first: date
    last_exclusive: date

    def outside(self, batch: pa.RecordBatch) -> pa.Array:
        """Return, for each row, whether its event time lies outside; null where it has none."""
        days = pc.cast(batch[self.event_time], pa.date32())
        return pc.or_(
            pc.less(days, pa.scalar(self.first)), pc.greater_equal(days, pa.scalar(self.last_exclusive))
        )

    def of(self, where: str) -> StrayRows:
        """Return the count for one delivery, which `where` names."""
        return StrayRows(self, where)


class StrayRows:
    """Counts the rows of a delivery that belong to no day it may have rows of."""

    def __init__(self, check: DayCheck, where: str) -> None:
        self._check, self._where = check, where
        self._seen = self._strays = self._timeless = 0
        self._example, self._row = "", 0

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Count the next rows."""
        moments = batch[self._check.event_time]
        outside = pc.fill_null(self._check.outside(batch), True)
        strays = moments.filter(outside)
        if len(strays) and not self._row:
            self._row = self._seen + pc.index(outside, True).as_py() + 1
            self._example = strays[0].as_py().isoformat() if strays[0].is_valid else "none"
        self._timeless += moments.null_count
        self._strays += len(strays)
        self._seen += batch.num_rows

    def raise_if_any(self) -> None:
        """Refuse the delivery where a row is astray: it would be lost, or stand on a wrong day.

        Raises
        ------
        SourceError
            Names how many there are, and the first.
        """
        if not self._strays:
            return
        check = self._check
        last = check.last_exclusive - timedelta(days=1)
        days = f"{check.first}" if check.first == last else f"{check.first} to {last}"
        raise SourceError(
            f"{self._strays} of {self._seen} rows belong to another UTC day than {days}"
            f" ({self._timeless} of them have no event time); the first is row {self._row}"
            f" with {check.event_time} {self._example}",
            where=self._where,
            next_step="have each row delivered with its own UTC day; where files may hold rows of other days,"
            " source.late_days and source.early_days say of which",
            rows=self._strays,
            row=self._row,
            example=self._example,
        )
