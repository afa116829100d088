"""Freshness: how old the newest value of a column is when the partition's day ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from include.contracts import Decision, Verdict
from include.specs.checks import FreshnessCheck
from include.specs.fields import duration_text

_HOUR = timedelta(hours=1)


def decide_freshness(check: FreshnessCheck, ds: date, newest: datetime | date | None) -> Decision:
    """Compare the newest value with the end of the day.

    Parameters
    ----------
    check
        Names the column and the greatest age.
    ds
        The partition's day; it ends at the next midnight, UTC.
    newest
        The newest value, None where the column has none; a date stands for its beginning.
    """
    limit = duration_text(check.max_age)
    age = None if newest is None else _end_of(ds) - _moment(newest)
    if newest is None or age is None:
        verdict, reason = Verdict.FAILED, f"{check.column} has no value; at most {limit} old is allowed"
    else:
        verdict = Verdict.FAILED if age > check.max_age else Verdict.PASSED
        allowed = f"{limit} is allowed" if age <= check.max_age else f"only {limit} is allowed"
        reason = (
            f"the newest {check.column} is {newest.isoformat()}, {age / _HOUR:,.1f} h before the day's end;"
            f" {allowed}"
        )
    return Decision(
        gate=check.rule,
        verdict=verdict,
        reasons=[reason],
        observed={
            "newest": None if newest is None else newest.isoformat(),
            "age_hours": None if age is None else age / _HOUR,
        },
        thresholds={"max_age_hours": check.max_age / _HOUR},
    )


def _end_of(ds: date) -> datetime:
    return datetime.combine(ds, time(), UTC) + timedelta(days=1)


def _moment(value: datetime | date) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC)
