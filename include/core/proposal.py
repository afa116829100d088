"""A contract proposed from data: rules that the data meets, each with its evidence, for a person to edit.

What was seen is no proof of what must be, so rules on values only warn; what is missing nowhere and what
names a row is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import yaml

from include.contracts import Verdict
from include.core.checks.volume import decide_volume, same_weekdays
from include.specs import ColumnType, DatasetSpec, ExpectationKind
from include.specs.checks import VolumeCheck

MOST_MEMBERS = 20
"""A text with more values than this is described by its length."""

_FEWEST_ROWS = 100
_ROWS_A_MEMBER = 20
_MARGIN = 0.1
_LOOK_BACK_DAYS = 30


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds.

    Attributes
    ----------
    nulls
        Rows in which it is missing.
    low, high
        The least and greatest number; the shortest and longest text, in characters; None without values.
    members
        All different texts, the most frequent first; None where there are more than `MOST_MEMBERS`.
    """

    nulls: int
    low: int | float | None = None
    high: int | float | None = None
    members: tuple[str, ...] | None = None


@dataclass(frozen=True)
class DayProfile:
    """The rows of one day, and the newest event time among them."""

    ds: date
    rows: int
    newest: datetime | date | None


@dataclass(frozen=True)
class DatasetProfile:
    """What some days of a dataset hold.

    `repeated_keys` counts keys that stand more than once in one day, `returning_keys` those that stand on
    more than one day; a key of which a part is missing counts in neither.
    """

    columns: Mapping[str, ColumnProfile]
    days: Sequence[DayProfile]
    repeated_keys: int
    returning_keys: int

    @property
    def rows(self) -> int:
        """Rows of all days."""
        return sum(day.rows for day in self.days)


@dataclass(frozen=True)
class _Entry:
    """One entry of a list in YAML, or only a remark, with the evidence."""

    values: Mapping[str, Any] | None
    evidence: str


def propose_contract(spec: DatasetSpec, profile: DatasetProfile) -> str:
    """Write the sections `contract`, `checks` and `budgets` of a dataset's YAML.

    Parameters
    ----------
    spec
        Names columns, types, key and event time; its own contract is not looked at.
    profile
        What the days hold that the proposal is made from; each rule holds on all of them.

    Returns
    -------
    str
        YAML with a comment to each entry, which parses as part of a dataset's file.
    """
    first, last = profile.days[0].ds, profile.days[-1].ds
    head = (
        f"# Proposed from {profile.rows:,} rows of {spec.dataset}, {len(profile.days)} day(s) from {first} to"
        f" {last}.\n# All of them meet it. Read each line: what was seen so far need not be what must be.\n"
    )
    sections = {
        "contract": [*_key_rules(spec, profile), *_column_rules(spec, profile)],
        "checks": [*_volume(profile), *_freshness(spec, profile), *_unique(spec, profile)],
    }
    listed = "".join(_section(name, entries) for name, entries in sections.items())
    return head + listed + _budgets(profile)


def _key_rules(spec: DatasetSpec, profile: DatasetProfile) -> Iterator[_Entry]:
    for name in spec.key:
        if not profile.columns[name].nulls:
            yield _not_null(name, "block", profile)
    if profile.repeated_keys:
        yield _Entry(None, f"{', '.join(spec.key)}: {profile.repeated_keys:,} keys stand twice within a day")
        return
    evidence = "no key stands twice within a day"
    if len(spec.key) == 1:
        yield _rule(ExpectationKind.UNIQUE, {"column": spec.key[0], "severity": "block"}, evidence)
    else:
        yield _rule(
            ExpectationKind.COMPOUND_UNIQUE, {"column_list": list(spec.key), "severity": "block"}, evidence
        )


def _column_rules(spec: DatasetSpec, profile: DatasetProfile) -> Iterator[_Entry]:
    for name, kind in spec.columns.items():
        column = profile.columns[name]
        if name in spec.key and not column.nulls:
            continue
        if column.nulls == profile.rows:
            yield _Entry(None, f"{name}: no value at all")
            continue
        if column.nulls or profile.rows < _FEWEST_ROWS:
            yield _Entry(None, f"{name}: {_null_share(column, profile)}")
        elif name != spec.event_time:
            yield _not_null(name, "quarantine", profile)
        yield from _value_rules(name, kind, column, profile)


def _value_rules(
    name: str, kind: ColumnType, column: ColumnProfile, profile: DatasetProfile
) -> Iterator[_Entry]:
    values = profile.rows - column.nulls
    if kind in {ColumnType.INTEGER, ColumnType.NUMBER}:
        yield _between(name, column)
    elif kind is ColumnType.STRING and _is_set(column, values):
        members = list(column.members or ())
        yield _rule(
            ExpectationKind.IN_SET,
            {"column": name, "value_set": members, "severity": "warn"},
            f"{len(members)} different in {values:,} values",
        )
    elif kind is ColumnType.STRING and column.high is not None:
        yield _rule(
            ExpectationKind.LENGTH_BETWEEN,
            {"column": name, "max_value": max(1, 2 * int(column.high)), "severity": "warn"},
            f"{column.low} to {column.high} characters",
        )


def _is_set(column: ColumnProfile, values: int) -> bool:
    return column.members is not None and 0 < len(column.members) * _ROWS_A_MEMBER <= values


def _between(name: str, column: ColumnProfile) -> _Entry:
    low, high = column.low, column.high
    if low is None or high is None:
        return _Entry(None, f"{name}: no value at all")
    evidence = f"{low:,} to {high:,}"
    reach = (high - low) * _MARGIN if isinstance(low, float) else (high - low) // 10
    if not math.isfinite(reach):  # infinite, or too far apart for a float
        reach = 0
    bounds = {
        "min_value": 0 if 0 <= low <= high else _outwards(low - reach, low, down=True),
        "max_value": _outwards(high + reach, high, down=False),
    }
    kept = {key: value for key, value in bounds.items() if value is not None}
    if not kept:
        return _Entry(None, f"{name}: {evidence}, which leaves no room for a bound")
    return _rule(ExpectationKind.BETWEEN, {"column": name, **kept, "severity": "warn"}, evidence)


def _outwards(value: float, seen: float, *, down: bool) -> int | float | None:
    """Round to two digits, away from what was seen; None where no number lies there."""
    if not value:
        return value if isinstance(seen, float) else 0
    if isinstance(seen, float):
        return _outwards_float(value, seen, down=down)
    step = 10 ** max(len(str(abs(int(value)))) - 2, 0)
    whole = int(value)
    rounded = whole // step * step if down else -(-whole // step) * step
    return rounded if -(2**63) <= rounded < 2**63 else None


def _outwards_float(value: float, seen: float, *, down: bool) -> float | None:
    if not math.isfinite(value):
        return None
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = value / step if step else math.inf
    if not math.isfinite(steps):  # next to the smallest or largest numbers there are
        return seen
    rounded = (math.floor(steps) if down else math.ceil(steps)) * step
    if not math.isfinite(rounded):
        return None
    shown = float(f"{rounded:.2g}")
    return shown if (shown <= seen if down else shown >= seen) else seen


def _volume(profile: DatasetProfile) -> Iterator[_Entry]:
    check = VolumeCheck(check="volume", severity="warn")
    rows = {day.ds: day.rows for day in profile.days}
    shares = [share for day in profile.days if (share := _share(check, day, rows)) is not None]
    if not shares:
        evidence = f"not tried: no day here has {check.min_history} of the same weekday before it"
        yield _Entry({"check": "volume", "severity": "warn"}, evidence)
        return
    low, high = min(0.5, math.floor(80 * min(shares)) / 100), max(2.0, math.ceil(12 * max(shares)) / 10)
    bounds = {"min_share": low or None, "max_share": high if math.isfinite(high) else None}
    evidence = f"{min(shares):.2f} to {max(shares):.2f} of the median on {len(shares)} day(s)"
    if not any(bounds.values()):
        yield _Entry(None, f"volume: {evidence}, which leaves no room for a bound")
        return
    yield _Entry({"check": "volume", "severity": "warn", **bounds}, evidence)


def _share(check: VolumeCheck, day: DayProfile, rows: Mapping[date, int]) -> float | None:
    """Return a day's rows as a share of the median of its weekday before, None where that is not known."""
    history = [rows[before] for before in same_weekdays(day.ds, check.weeks) if before in rows]
    decision = decide_volume(check, day.ds, day.rows, history)
    if decision.verdict is Verdict.NOT_ENOUGH_EVIDENCE:
        return None
    middle = float(decision.observed["median_rows"] or 0)
    if not middle:
        return 1.0 if not day.rows else 1e300  # no bound lets rows pass after days without any
    return day.rows / middle


def _freshness(spec: DatasetSpec, profile: DatasetProfile) -> Iterator[_Entry]:
    if spec.columns[spec.event_time] is not ColumnType.TIMESTAMP:
        return
    ages = [_age(day) for day in profile.days]
    known = [age for age in ages if age is not None]
    if len(known) < len(ages):
        yield _Entry(None, f"freshness: {len(ages) - len(known)} day(s) have no row to be fresh")
        return
    oldest = max(known)
    hours = max(1, math.ceil(1.5 * oldest / timedelta(hours=1)))
    values = {"check": "freshness", "severity": "warn", "column": spec.event_time, "max_age": f"{hours}h"}
    yield _Entry(values, f"at most {oldest / timedelta(hours=1):.1f} h before the day's end")


def _age(day: DayProfile) -> timedelta | None:
    if not isinstance(day.newest, datetime):
        return None
    return datetime.combine(day.ds, time(), UTC) + timedelta(days=1) - day.newest


def _unique(spec: DatasetSpec, profile: DatasetProfile) -> Iterator[_Entry]:
    if spec.is_state or len(profile.days) < 2:
        return
    if profile.returning_keys:
        yield _Entry(None, f"{', '.join(spec.key)}: {profile.returning_keys:,} keys stand on several days")
        return
    span = (profile.days[-1].ds - profile.days[0].ds).days
    yield _Entry(
        {
            "check": "unique_across_partitions",
            "severity": "quarantine",
            "columns": list(spec.key),
            "days": f"{min(span, _LOOK_BACK_DAYS)}d",
        },
        f"no key stands on two of the {len(profile.days)} days",
    )


def _budgets(profile: DatasetProfile) -> str:
    fewest = min(day.rows for day in profile.days)
    evidence = f"the smallest day has {fewest:,} rows"
    return f"budgets: {{quarantine_share: 0.02, min_rows: {min(fewest, 1)}}}  # {evidence}\n"


def _not_null(name: str, severity: str, profile: DatasetProfile) -> _Entry:
    evidence = f"null share 0.0 % of {profile.rows:,} rows"
    return _rule(ExpectationKind.NOT_NULL, {"column": name, "severity": severity}, evidence)


def _null_share(column: ColumnProfile, profile: DatasetProfile) -> str:
    share = 100 * column.nulls / profile.rows
    return f"null share {share:.1f} % of {profile.rows:,} rows ({column.nulls:,} rows)"


def _rule(kind: ExpectationKind, arguments: Mapping[str, Any], evidence: str) -> _Entry:
    return _Entry({"expect": str(kind), **arguments}, evidence)


def _section(name: str, entries: Sequence[_Entry]) -> str:
    if not any(entry.values for entry in entries):
        return f"{name}: []\n" + "".join(f"  # {entry.evidence}\n" for entry in entries)
    return f"{name}:\n" + "".join(map(_lines, entries))


def _lines(entry: _Entry) -> str:
    if entry.values is None:
        return f"  # {entry.evidence}\n"
    values = yaml.safe_dump(
        dict(entry.values), default_flow_style=True, sort_keys=False, width=math.inf, allow_unicode=True
    ).strip()
    return f"  - {values}  # {entry.evidence}\n"
