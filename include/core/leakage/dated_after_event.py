"""A feature that holds dates, as text, later than the event.

Dates and timestamps are no features, but a column declared as text may hold them. A date after the event
is either planned at the event (waive it, saying so) or the trace of what happened later.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.core.leakage.finding import Finding, Known
from include.core.leakage.groups import group_values, is_number
from include.specs.leakage import LeakageCheck

_DATE = r"\d{4}-\d\d-\d\d(?:[T ].*)?"
_NEVER = np.datetime64("NaT", "D")


def dated_after_event(known: Known) -> list[Finding]:
    """Find text features all of whose values are ISO dates, some of them later than the event's day."""
    texts = [name for name in known.feature_names if not is_number(known.features[name])]
    found = (_later(known, name) for name in texts)
    return [finding for finding in found if finding is not None]


def _later(known: Known, name: str) -> Finding | None:
    days = _as_days(known.features[name])
    if days is None:
        return None
    filled = ~np.isnat(days)
    later = filled & (np.where(filled, days, known.event_day) > known.event_day)
    if not later.any():
        return None
    ahead = (days[later] - known.event_day[later]).astype(np.int64)
    place = int(np.flatnonzero(later)[0])
    return Finding(
        LeakageCheck.DATED_AFTER_EVENT,
        name,
        f"{name} is a date after the event in {later.sum()} of {filled.sum()} rows that have one"
        f" ({later.sum() / filled.sum():.1%}), by up to {ahead.max()} days, such as"
        f" {known.features[name].iloc[place]!r} for an event of {known.event_day[place]}",
        {"rows": int(filled.sum()), "later_rows": int(later.sum()), "most_days": int(ahead.max())},
    )


def _as_days(column: pd.Series) -> NDArray[np.datetime64] | None:
    """Return each row's day, NaT for missing; None unless every value is an ISO date."""
    groups = group_values(column)
    distinct = pd.Series([value for value in groups.values if value is not None], dtype=object)
    if distinct.empty or not distinct.head().str.fullmatch(_DATE).all():
        return None
    if not distinct.str.fullmatch(_DATE).all():
        return None
    parsed = pd.to_datetime(distinct.str[:10], format="%Y-%m-%d", errors="coerce")
    if parsed.isna().any():
        return None
    days = np.append(parsed.to_numpy().astype("datetime64[D]"), _NEVER)
    return np.asarray(days[groups.codes])
