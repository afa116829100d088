"""A feature that is filled, or leaves its usual value, only once the outcome is known.

Rows whose outcome is known are compared with rows of the same event days that still wait for theirs: only
the outcome differs. Where all rows of a day mature together, the days that wait are compared with the
days just before them, and only missing values are looked at.

A feature is found when the share of rows off its usual value (the commonest one, missing included, among
the rows that wait) is at most a fiftieth of what it is once the outcome is known, and that lies beyond
chance. Chance is measured between days, because rows of one day resemble each other; the level is
shared out over the features, so that independent features give a finding in fewer than 1 of 100
trainings. Why a fiftieth: rows that mature late are other rows (long planned, no regular guests); on the
real bookings their shares of a rare value fall to a fifteenth.

References
----------
N. Mantel, W. Haenszel, "Statistical aspects of the analysis of data from retrospective studies of
disease", Journal of the National Cancer Institute 22 (1959), 719-748: the comparison within days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from include.core.leakage.finding import Days, Finding, Known, Waiting
from include.core.leakage.groups import Groups, group_values
from include.specs.leakage import LeakageCheck

_FALSE_ALARM_RATE = 0.01
_MAX_RATIO = 0.02
_MIN_EXPECTED = 20
"""Rows off the usual value that should wait: with fewer, none at all is no surprise."""
_MIN_DAYS = 5
_NEIGHBOURS = 28

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Rows off the usual value, day by day.

    Attributes
    ----------
    known_rows, known_off, waiting_rows, waiting_off
        Shape (days,). For days that are not shared, one side is 0.
    """

    known_rows: Floats
    known_off: Floats
    waiting_rows: Floats
    waiting_off: Floats

    @property
    def known_share(self) -> float:
        """Share of rows off the usual value among those whose outcome is known."""
        return float(self.known_off.sum() / self.known_rows.sum())

    @property
    def waiting_share(self) -> float:
        """The same among those that wait."""
        return float(self.waiting_off.sum() / self.waiting_rows.sum())


@dataclass(frozen=True)
class Compared:
    """Which rows are compared, and the day of each as a number from 0 on."""

    known: NDArray[np.bool_]
    waiting: NDArray[np.bool_]
    days: NDArray[np.int64]
    day_count: int
    same_days: bool


def known_after_event(known: Known, waiting: Waiting) -> list[Finding]:
    """Compare every feature; no finding where fewer than five days can be compared."""
    compared = _choose_rows(known.event_day, waiting.event_day)
    if compared is None:
        return []
    level = _FALSE_ALARM_RATE / max(len(known.features.columns), 1)
    found = (_compare(known, waiting, compared, name, level) for name in known.feature_names)
    return [finding for finding in found if finding is not None]


def _choose_rows(known: Days, waiting: Days) -> Compared | None:
    shared = np.intersect1d(known, waiting)
    same_days = len(shared) >= _MIN_DAYS
    if same_days:
        chosen = np.isin(known, shared), np.isin(waiting, shared)
    else:
        newest = np.unique(known[~np.isin(known, waiting)])[-_NEIGHBOURS:]
        chosen = np.isin(known, newest), np.ones(len(waiting), dtype=bool)
        if min(len(newest), len(np.unique(waiting))) < _MIN_DAYS:
            return None
    distinct, days = np.unique(np.concatenate([known[chosen[0]], waiting[chosen[1]]]), return_inverse=True)
    return Compared(*chosen, days, len(distinct), same_days)


def _compare(known: Known, waiting: Waiting, compared: Compared, name: str, level: float) -> Finding | None:
    column = pd.concat(
        [known.features[name][compared.known], waiting.features[name][compared.waiting]], ignore_index=True
    )
    values = group_values(column)
    waits = np.arange(len(column)) >= compared.known.sum()
    usual = _usual(values, waits, compared)
    counted = _count(values.codes != usual, waits, compared)
    chance = _chance_within_days(counted) if compared.same_days else _chance_between_days(counted)
    if not _empties(counted) or chance >= level:
        return None
    return Finding(
        LeakageCheck.KNOWN_AFTER_EVENT,
        name,
        _evidence(name, values, usual, counted, compared, chance),
        {
            "known_rows": int(counted.known_rows.sum()),
            "known_share": counted.known_share,
            "waiting_rows": int(counted.waiting_rows.sum()),
            "waiting_share": counted.waiting_share,
            "chance": chance,
        },
    )


def _usual(values: Groups, waits: NDArray[np.bool_], compared: Compared) -> int:
    """Return the group off which nothing should lie while the outcome is unknown.

    Between other days only missing values are looked at: a season or a price list changes with the days.
    """
    if not compared.same_days:
        return len(values.values) - 1 if values.has_missing else -1
    return int(np.argmax(np.bincount(values.codes[waits], minlength=len(values.values))))


def _count(off: NDArray[np.bool_], waits: NDArray[np.bool_], compared: Compared) -> Comparison:
    def by_day(rows: NDArray[np.bool_]) -> Floats:
        return np.bincount(compared.days[rows], minlength=compared.day_count).astype(np.float64)

    return Comparison(by_day(~waits), by_day(~waits & off), by_day(waits), by_day(waits & off))


def _empties(counted: Comparison) -> bool:
    expected = counted.known_share * counted.waiting_rows.sum()
    return bool(expected >= _MIN_EXPECTED and counted.waiting_share <= _MAX_RATIO * counted.known_share)


def _chance_within_days(counted: Comparison) -> float:
    """Return how likely a shortfall as large is by chance, rows being compared within their day.

    The variance is the larger of two: of rows drawn without replacement within days, and of days.
    """
    rows = counted.known_rows + counted.waiting_rows
    off = counted.known_off + counted.waiting_off
    shortfall = counted.waiting_rows * off / rows - counted.waiting_off
    drawn = counted.known_rows * counted.waiting_rows * off * (rows - off)
    drawn /= rows**2 * np.maximum(rows - 1, 1)
    return _tail(shortfall.sum(), max(drawn.sum(), len(rows) * np.var(shortfall, ddof=1)), len(rows) - 1)


def _chance_between_days(counted: Comparison) -> float:
    """Return the same for days that wait beside other days whose outcome is known."""
    known = counted.known_rows > 0
    variances = [
        _variance_of_share(counted.known_off[known], counted.known_rows[known]),
        _variance_of_share(counted.waiting_off[~known], counted.waiting_rows[~known]),
    ]
    return _tail(counted.known_share - counted.waiting_share, sum(variances), len(known) - 2)


def _variance_of_share(off: Floats, rows: Floats) -> float:
    share = off.sum() / rows.sum()
    drawn = share * (1 - share) / rows.sum()
    between = ((off - share * rows) ** 2).sum() / rows.sum() ** 2 * len(rows) / (len(rows) - 1)
    return float(max(drawn, between))


def _tail(difference: float, variance: float, degrees: int) -> float:
    if variance <= 0:
        return 1.0
    return float(student.sf(difference / np.sqrt(variance), degrees))


def _evidence(
    name: str, values: Groups, usual: int, counted: Comparison, compared: Compared, chance: float
) -> str:
    where = "of the same event days" if compared.same_days else f"of the {_NEIGHBOURS} event days before"
    usually = values.name(usual)
    return (
        f"{name} is {usually} in all but {counted.waiting_share:.1%} of {counted.waiting_rows.sum():.0f} rows"
        f" that wait for their outcome, but otherwise in {counted.known_share:.1%} of"
        f" {counted.known_rows.sum():.0f} rows {where} whose outcome is known (by chance in"
        f" {max(chance, 1e-12):.1g} of cases)"
    )
