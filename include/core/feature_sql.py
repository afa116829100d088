"""The one SQL that computes features as of the event: for training, for scoring and for the weekly check.

It works on views named by `rows_of`, one a dataset: the rows of its partitions, days ascending, with a
number `#row` that ascends with them. Events are the rows of the model's dataset from some row on; those
before it are there to look back at.

Features derived from the model's own dataset are window functions over its rows as they stand. For
those of another dataset the moments asked for are mixed into that dataset's rows, so that a window ends
at the event itself and not at the last row before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from include.core.packed_sums import Bounds
from include.core.window_sql import SUMMED, Parts, WindowSums, aggregate, exact_value, plain_value, quoted
from include.specs.column_type import ColumnType
from include.specs.dataset import DatasetSpec
from include.specs.derived import Aggregate, Derived

ROW = "#row"
"""The number of a row: its day since 1970, shifted by `ROW_BITS`, and its place in the partition."""

ROW_BITS = 32

_EPOCH = date(1970, 1, 1)
_MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class EventSql:
    """How to compute the events and their features.

    Attributes
    ----------
    setup
        Statements to run first.
    select
        A query with a row for each event, in no order: `ROW`, the columns asked for, the features.
    """

    setup: list[str]
    select: str

    def in_order(self, columns: Sequence[str]) -> str:
        """Return a query of some columns, ordered as the rows are in their partitions."""
        return f"{_select(list(map(quoted, columns)), f'({self.select})')} ORDER BY {quoted(ROW)}"


@dataclass(frozen=True)
class _Group:
    """Features of one dataset with the same `by`; all windows, or all latest values."""

    number: int
    dataset: DatasetSpec
    by: tuple[str, ...]
    features: tuple[Derived, ...]
    by_day: bool

    @property
    def table(self) -> str:
        return quoted(f"#group{self.number}")

    @property
    def keys(self) -> list[str]:
        """The `by` columns, quoted."""
        return [quoted(name) for name in self.by]

    @property
    def at(self) -> list[str]:
        """The columns under which the group's table is looked up, quoted."""
        return [*self.keys, quoted(self.moment)]

    @property
    def known(self) -> str:
        """Whether a row has all `by` columns."""
        return " AND ".join(f"{key} IS NOT NULL" for key in self.keys)

    @property
    def moment(self) -> str:
        """The column that says when a row happened, as finely as both datasets know."""
        return "#day" if self.by_day else "#time"

    @property
    def unit(self) -> int:
        """How many steps of `moment` a day has."""
        return 1 if self.by_day else _MICROSECONDS_A_DAY

    def window(self, days: int) -> str:
        return quoted(f"#window{self.number}_{days}")

    def windows(self) -> list[str]:
        """Return the definitions of all windows; the row itself and its moment are outside of each."""
        spans = sorted({one.look_back for one in self.features})
        keys = ", ".join(self.keys)
        return [
            f"{self.window(days)} AS (PARTITION BY {keys} ORDER BY {quoted(self.moment)}"
            f" RANGE BETWEEN {days * self.unit} PRECEDING AND 1 PRECEDING)"
            for days in spans
        ]


def rows_of(dataset: str) -> str:
    """Return the name of the view of a dataset's rows."""
    return f"rows of {dataset}"


def row_number(day: date) -> int:
    """Return the `ROW` of the first row of a day."""
    return (day - _EPOCH).days << ROW_BITS


def event_sql(
    base: DatasetSpec,
    datasets: Mapping[str, DatasetSpec],
    derived: Sequence[Derived],
    columns: Sequence[str],
    first: date,
    bounds: Mapping[str, Bounds] | None = None,
) -> EventSql:
    """Write the SQL of events with features.

    Parameters
    ----------
    base
        The model's dataset.
    datasets
        The datasets that features are derived from, by name.
    derived
        The features to compute; none is fine.
    columns
        The columns wanted of the base itself.
    first
        The day of the first event; earlier rows are only looked back at.
    bounds
        How large each dataset's values are, as far as known: it makes sums faster, never different.
    """
    bounds = bounds or {}
    first_row = row_number(first)
    groups = _groups(base, datasets, derived)
    own = [group for group in groups if _is_own(group, base)]
    others = [group for group in groups if not _is_own(group, base)]
    setup = [_group_table(group, base, first_row, bounds) for group in others]
    wanted = list(dict.fromkeys([*columns, *(name for group in others for name in group.by)]))
    events = _own_windows(base, own, wanted, {group.moment for group in others}, first_row, bounds)
    found = {one.name: _looked_up(one, group) for group in others for one in group.features}
    features = [found.get(one.name, f"events.{quoted(one.name)}") for one in derived]
    names = [f"events.{quoted(name)}" for name in [ROW, *columns]]
    values = [f"{value} AS {quoted(one.name)}" for value, one in zip(features, derived, strict=True)]
    joins = " ".join(_join(group) for group in others)
    return EventSql(setup, _select([*names, *values], f"({events}) AS events {joins}"))


def bounds_sql(dataset: DatasetSpec, derived: Sequence[Derived]) -> str | None:
    """Write the query of a dataset's `Bounds`: `rows`, and a column for each that is summed; None if none is.

    A value that cannot be summed is left out here: the query of features refuses it, if it needs it.
    """
    summed = {str(one.column) for one in derived if one.dataset == dataset.dataset and one.compute in SUMMED}
    whole = {name: exact_value(name, dataset.columns[name], "TRY_CAST") for name in sorted(summed)}
    sizes = [f"coalesce(greatest(max({v})::HUGEINT, -(min({v})::HUGEINT)), 0)" for v in whole.values()]
    named = [f"{size} AS {quoted(name)}" for name, size in zip(whole, sizes, strict=True)]
    return _select(['count(*) AS "#rows"', *named], _from(dataset)) if named else None


def _groups(
    base: DatasetSpec, datasets: Mapping[str, DatasetSpec], derived: Sequence[Derived]
) -> list[_Group]:
    def sharing(one: Derived) -> tuple[str, bool, tuple[str, ...]]:
        return one.dataset, one.latest is not None, tuple(one.by)

    found = []
    for number, (shared, members) in enumerate(groupby(sorted(derived, key=sharing), sharing)):
        dataset = datasets[shared[0]]
        by_day = ColumnType.DATE in {_time_type(base), _time_type(dataset)}
        found.append(_Group(number, dataset, shared[2], tuple(members), by_day))
    return found


def _time_type(dataset: DatasetSpec) -> ColumnType:
    return dataset.columns[dataset.event_time]


def _is_own(group: _Group, base: DatasetSpec) -> bool:
    return group.dataset.dataset == base.dataset and not group.features[0].latest


def _moments(dataset: DatasetSpec) -> dict[str, str]:
    """Return the expressions of a row's moment, to the microsecond and to the day."""
    time = f"epoch_us({quoted(dataset.event_time)})"
    return {"#time": time, "#day": f"(CAST(make_timestamp({time}) AS DATE) - DATE '1970-01-01')"}


def _own_windows(
    base: DatasetSpec, groups: Sequence[_Group], wanted: Sequence[str], moments: set[str], first_row: int,
    bounds: Mapping[str, Bounds],
) -> str:  # fmt: skip
    """Return a query of the events with their columns, and with the windows over their own dataset."""
    values, sums = Parts("#value"), WindowSums(bounds.get(base.dataset))
    features = [
        f"CASE WHEN {group.known} THEN {found} ELSE {_without_rows(one)} END AS {quoted(one.name)}"
        for group in groups
        for one, found in _aggregates(group, values, sums, counted="*")
    ]
    keys = [name for group in groups for name in group.by]
    carried = list(map(quoted, dict.fromkeys([ROW, *wanted, *keys])))
    needed = moments | {group.moment for group in groups}
    times = {name: sql for name, sql in _moments(base).items() if name in needed}
    rows = _select([*carried, *values.select(), *_named(times)], _from(base))
    rows = _select(["*", *sums.row_parts()], f"({rows})")
    windows = [window for group in groups for window in group.windows()]
    clause = f" WINDOW {', '.join(windows)} QUALIFY" if windows else " WHERE"
    inner = _select([*carried, *map(quoted, times), *sums.select()], f"({rows})")
    inner += f"{clause} {quoted(ROW)} >= {first_row}"
    inner = _select(["*", *sums.finish()], f"({inner})")
    return _select([*map(quoted, [ROW, *wanted, *sorted(moments)]), *features], f"({inner})")


def _aggregates(
    group: _Group, values: Parts, sums: WindowSums, counted: str
) -> Iterator[tuple[Derived, str]]:
    for one in group.features:
        kind = None if one.column is None else group.dataset.columns[one.column]
        over = group.window(one.look_back)
        yield one, aggregate(one, kind, values, sums, over=over, counted=counted)


def _without_rows(one: Derived) -> str:
    """Return what a feature is where there are no rows."""
    if one.compute is Aggregate.SUM:
        return "0.0"
    return "0" if one.compute in {Aggregate.COUNT, Aggregate.COUNT_DISTINCT} else "NULL"


def _group_table(group: _Group, base: DatasetSpec, first_row: int, bounds: Mapping[str, Bounds]) -> str:
    """Return the statement that computes a group for every moment asked for, under its `by` and moment."""
    asked = _select([*group.keys, _moment(base, group)], _from(base))
    asked += f" WHERE {quoted(ROW)} >= {first_row} AND {group.known}"
    latest = group.features[0].latest
    compute = _latest(group) if latest else _mixed_windows(group, bounds.get(group.dataset.dataset))
    asked = f"WITH asked AS MATERIALIZED ({_select(['DISTINCT *'], f'({asked})')})"
    return f"CREATE TEMP TABLE {group.table} AS {asked} {compute}"


def _mixed_windows(group: _Group, bounds: Bounds | None) -> str:
    """Return a query of windows over a dataset's rows with the moments asked for mixed in."""
    values, sums = Parts("#value"), WindowSums(bounds)
    aggregates = _aggregates(group, values, sums, counted='"#counts"')
    features = [f"{found} AS {quoted(one.name)}" for one, found in aggregates]
    at = group.at
    rows = _select([*group.keys, _moment(group.dataset, group), *values.select()], _from(group.dataset))
    rows = _select([*at, *values.names(), '1 AS "#counts"'], f"({rows} WHERE {_is_asked_for(group)})")
    moments = _select([*at, *(f"NULL AS {name}" for name in values.names()), "NULL"], "asked")
    mixed = _select(["*", *sums.row_parts()], f"({rows} UNION ALL {moments})")
    mixed = _select([*at, '"#counts"', *sums.select()], f"({mixed})")
    mixed += f' WINDOW {", ".join(group.windows())} QUALIFY "#counts" IS NULL'
    return _select([*at, *features], f"({_select(['*', *sums.finish()], f'({mixed})')})")


def _latest(group: _Group) -> str:
    """Return a query of the newest row's values; of rows of one moment, the last in the partition's order."""
    values = Parts("#value")
    names = [values.name(_latest_value(one, group)) for one in group.features]
    rows = _select(
        [*group.keys, _moment(group.dataset, group), quoted(ROW), *values.select()], _from(group.dataset)
    )
    packed = ", ".join(f"{name} := {name}" for name in values.names())
    last = _select([*group.at, f'arg_max(struct_pack({packed}), {quoted(ROW)}) AS "#last"'], f"({rows}")
    last += f" WHERE {_is_asked_for(group)}) GROUP BY {', '.join(group.at)}"
    moment = quoted(group.moment)
    features = [
        f"CASE WHEN asked.{moment} - newest.{moment} <= {one.look_back * group.unit}"
        f' THEN newest."#last".{name} END AS {quoted(one.name)}'
        for one, name in zip(group.features, names, strict=True)
    ]
    on = " AND ".join(f"asked.{key} = newest.{key}" for key in group.keys)
    asked = _select([*(f"asked.{name}" for name in group.at), *features], "asked")
    return f"{asked} ASOF LEFT JOIN ({last}) AS newest ON {on} AND asked.{moment} > newest.{moment}"


def _latest_value(one: Derived, group: _Group) -> str:
    column = str(one.latest)
    return plain_value(column, group.dataset.columns[column])


def _is_asked_for(group: _Group) -> str:
    keys = ", ".join(group.keys)
    return f"({keys}) IN ({_select([f'({keys})'], 'asked')})"


def _moment(dataset: DatasetSpec, group: _Group) -> str:
    return f"{_moments(dataset)[group.moment]} AS {quoted(group.moment)}"


def _looked_up(one: Derived, group: _Group) -> str:
    value, default = f"{group.table}.{quoted(one.name)}", _without_rows(one)
    return value if default == "NULL" else f"coalesce({value}, {default})"


def _join(group: _Group) -> str:
    on = " AND ".join(f"events.{name} = {group.table}.{name}" for name in group.at)
    return f"LEFT JOIN {group.table} ON {on}"


def _from(dataset: DatasetSpec) -> str:
    return quoted(rows_of(dataset.dataset))


def _named(expressions: Mapping[str, str]) -> list[str]:
    return [f"{expression} AS {quoted(name)}" for name, expression in expressions.items()]


def _select(expressions: Sequence[str], source: str) -> str:
    return f"SELECT {', '.join(expressions)} FROM {source}"  # noqa: S608 - names come quoted
