"""Derived features computed the slow and obvious way: for each event, look at every row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from include.specs import DatasetSpec
from include.specs.column_type import ColumnType
from include.specs.derived import Aggregate, Derived

Row = dict[str, Any]
_MILLIONTHS = 1_000_000


def naive_feature(
    one: Derived, event: Row, rows: Sequence[Row], base: DatasetSpec, source: DatasetSpec
) -> Any:
    """Return one feature of one event; `rows` are all rows of the source, by day and place."""
    times = base.event_time, source.event_time
    by_day = ColumnType.DATE in {base.columns[base.event_time], source.columns[source.event_time]}
    moment = _moment(event[times[0]], by_day)
    theirs = [
        row
        for row in rows
        if all(row[name] is not None and row[name] == event[name] for name in one.by)
        and moment - timedelta(days=one.look_back) <= _moment(row[times[1]], by_day) < moment
    ]
    if one.latest is not None:
        newest = max(
            enumerate(theirs), key=lambda item: (_moment(item[1][times[1]], by_day), item[0]), default=None
        )
        return None if newest is None else newest[1][one.latest]
    if one.column is None:
        return len(theirs)
    values = [value for row in theirs if (value := row[one.column]) is not None]
    return _aggregate(one.compute, values, source.columns[one.column])


def _aggregate(compute: Aggregate | None, values: list[Any], kind: ColumnType) -> Any:
    if compute is Aggregate.COUNT:
        return len(values)
    if compute is Aggregate.COUNT_DISTINCT:
        return len(set(values))
    if compute in {Aggregate.MIN, Aggregate.MAX}:
        return (min if compute is Aggregate.MIN else max)(values, default=None)
    exact = [_exact(value) if kind is ColumnType.NUMBER else Fraction(value) for value in values]
    if compute is Aggregate.SUM:
        return float(sum(exact))
    if compute is Aggregate.MEAN:
        return float(sum(exact) / len(exact)) if exact else None
    if len(exact) < 2:
        return None
    mean = sum(exact) / len(exact)
    return math.sqrt(sum((value - mean) ** 2 for value in exact) / (len(exact) - 1))


def _exact(value: float) -> Fraction:
    scaled = value * _MILLIONTHS
    return Fraction(math.floor(abs(scaled) + 0.5) * (1 if scaled >= 0 else -1), _MILLIONTHS)


def _moment(value: date | datetime, by_day: bool) -> datetime:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=None)
        return datetime.combine(moment.date(), datetime.min.time()) if by_day else moment
    return datetime.combine(value, datetime.min.time())
