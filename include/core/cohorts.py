"""How many rows wait for maturity: events counted by the week or month in which they happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

DAY = "day"
MATURE = "mature"
LABELLED = "labelled"

_LONGEST_BY_WEEK = 182


@dataclass(frozen=True)
class Cohort:
    """The events of one span of time, or of all of it.

    Attributes
    ----------
    name
        Such as `2017-03` or `week of 2017-03-06`.
    rows
        Events: waiting + mature.
    mature
        Their outcome may be trusted: labelled + without label.
    labelled
        Mature, with a label: these train or judge.
    waiting
        Their observation window is still open.
    """

    name: str
    rows: int
    mature: int
    labelled: int

    @property
    def waiting(self) -> int:
        """Rows whose observation window is still open."""
        return self.rows - self.mature

    @property
    def without_label(self) -> int:
        """Mature rows for which no label came."""
        return self.mature - self.labelled

    def to_json(self) -> dict[str, Any]:
        """Return all counts by name."""
        return asdict(self) | {"waiting": self.waiting, "mature_without_label": self.without_label}


@dataclass(frozen=True)
class Cohorts:
    """All spans in the order of time, and their total; `first` and `last` are the days of events."""

    spans: list[Cohort]
    total: Cohort
    first: date | None
    last: date | None

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "total": self.total.to_json(),
            "spans": [cohort.to_json() for cohort in self.spans],
        }


def count_cohorts(events: pd.DataFrame) -> Cohorts:
    """Count events by month; by week where they span half a year or less.

    Parameters
    ----------
    events
        One row an event: `DAY` (datetime64), `MATURE` and `LABELLED` (bool; only mature rows count as
        labelled).

    Returns
    -------
    Cohorts
        Spans without an event between the first and the last are listed with zeros.
    """
    if events.empty:
        return Cohorts([], Cohort("all", 0, 0, 0), None, None)
    first, last = events[DAY].min(), events[DAY].max()
    weekly = (last - first).days <= _LONGEST_BY_WEEK
    periods = events[DAY].dt.to_period("W-SUN" if weekly else "M")
    counts = _flags(events).groupby(periods).sum()
    counts = counts.reindex(pd.period_range(periods.min(), periods.max()), fill_value=0)
    spans = [
        Cohort(_name(period, weekly), *map(int, row))
        for period, *row in counts.itertuples(index=True, name=None)
    ]
    return Cohorts(spans, Cohort("all", *map(int, counts.sum())), first.date(), last.date())


def _flags(events: pd.DataFrame) -> pd.DataFrame:
    mature = events[MATURE].to_numpy(dtype=bool)
    labelled = mature & events[LABELLED].to_numpy(dtype=bool)
    flags = {"rows": np.ones(len(events), dtype=bool), "mature": mature, "labelled": labelled}
    return pd.DataFrame(flags, events.index)


def _name(period: pd.Period, weekly: bool) -> str:
    return f"week of {period.start_time:%Y-%m-%d}" if weekly else f"{period.start_time:%Y-%m}"
