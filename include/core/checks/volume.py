"""Volume: the rows of a day beside the rows of the same weekday in the weeks before.

The median of a few weeks moves neither with one holiday nor with one outage, and needs no model of the
season; the same weekday keeps the week's rhythm out of the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

from include.contracts import Decision, Verdict
from include.specs.checks import VolumeCheck

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def same_weekdays(ds: date, weeks: int) -> list[date]:
    """List the same weekday of the `weeks` weeks before a day, ascending."""
    reach = min(weeks, (ds - date.min).days // 7)
    return [ds - timedelta(weeks=back) for back in range(reach, 0, -1)]


def decide_volume(check: VolumeCheck, ds: date, rows: int, history: Sequence[int]) -> Decision:
    """Compare a partition's rows with those of the same weekday before.

    Parameters
    ----------
    check
        Gives the bounds, as shares of the median.
    ds
        The partition's day.
    rows
        Its rows, as read.
    history
        The rows, as read, of those of `same_weekdays` that have a clean partition.
    """
    shares = {"min_share": check.min_share, "max_share": check.max_share}
    weekday = f"{_WEEKDAYS[ds.weekday()]}s"
    if len(history) < check.min_history:
        verdict, reason = Verdict.NOT_ENOUGH_EVIDENCE, _too_little(check, weekday, rows, len(history))
        middle = None
    else:
        middle = float(median(history))
        verdict, reason = _compare(check, rows, middle, _had(history, middle, weekday))
    return Decision(
        gate=check.rule,
        verdict=verdict,
        reasons=[reason],
        observed={"rows": rows, "median_rows": middle, "history_days": len(history)},
        thresholds=shares,
    )


def _too_little(check: VolumeCheck, weekday: str, rows: int, known: int) -> str:
    return (
        f"{rows:,} rows; {known} of the last {check.weeks} {weekday} are in the lake and"
        f" {check.min_history} are needed to judge"
    )


def _had(history: Sequence[int], middle: float, weekday: str) -> str:
    return (
        f"the last {len(history)} {weekday} had {min(history):,} to {max(history):,} (median {middle:,.10g})"
    )


def _compare(check: VolumeCheck, rows: int, middle: float, had: str) -> tuple[Verdict, str]:
    if check.min_share is not None and rows < check.min_share * middle:
        return Verdict.FAILED, f"{rows:,} rows; {had}: less than {check.min_share:g} of the median"
    if check.max_share is not None and rows > check.max_share * middle:
        return Verdict.FAILED, f"{rows:,} rows; {had}: more than {check.max_share:g} of the median"
    return Verdict.PASSED, f"{rows:,} rows; {had}"
