"""The SQL of a training set: events, their features, and their labels as they were known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from include.core.feature_sql import ROW, ROW_BITS, EventSql, event_sql, row_number, rows_of
from include.core.packed_sums import Bounds
from include.core.training_set import DS, LABEL, MATURED
from include.core.window_sql import quoted
from include.specs.column_type import ColumnType
from include.specs.dataset import DatasetSpec
from include.specs.derived import Derived
from include.specs.model import Label
from include.specs.task import Task

_AGAIN = quoted("#again")
_LABELS = quoted("#labels")
_ROW = quoted(ROW)


def training_set_sql(
    base: DatasetSpec,
    label: Label,
    datasets: Mapping[str, DatasetSpec],
    derived: Sequence[Derived],
    columns: Sequence[str],
    first: date,
    bounds: Mapping[str, Bounds] | None = None,
    task: Task = Task.BINARY_CLASSIFICATION,
) -> EventSql:
    """Write the SQL of all events from a day on, mature or not, in the order of their rows.

    An event recorded twice counts as first seen; an outcome recorded twice counts as last corrected.

    Parameters
    ----------
    base
        The model's dataset.
    label
        Where the truth is found.
    datasets
        The datasets that features are derived from, and that of the label, by name.
    derived
        The derived features wanted.
    columns
        The columns wanted of the base; its key comes first in any case.
    first
        The day of the first event.
    bounds
        How large each dataset's values are, as `event_sql` takes it.
    task
        What the label is for: classes are read as text, and so is a label that is text.

    Returns
    -------
    EventSql
        Its `select` gives key and columns, features, `DS` (day of the partition), `MATURED` (day, missing
        where unknown) and `LABEL` (float64 or text, missing where unknown).
    """
    columns = list(dict.fromkeys([*base.key, *columns]))
    asked = [*dict.fromkeys([*columns, label.mature_at])]
    events = event_sql(base, datasets, derived, asked, first, bounds)
    return EventSql(
        [*events.setup, _again(base, first), _labels(base, label, first, _label_type(label, datasets, task))],
        _joined(events, base, label, [*columns, *(one.name for one in derived)]),
    )


def _again(base: DatasetSpec, first: date) -> str:
    """Find the keys that stand twice: few or none, so that hardly anything must be looked up later."""
    keys = ", ".join(map(quoted, base.key))
    return (
        f"CREATE TEMP TABLE {_AGAIN} AS SELECT {keys}, min({_ROW}) AS first_row"  # noqa: S608 - quoted
        f" FROM {quoted(rows_of(base.dataset))} WHERE {_ROW} >= {row_number(first)}"
        f" GROUP BY {keys} HAVING count(*) > 1"
    )


def _label_type(label: Label, datasets: Mapping[str, DatasetSpec], task: Task) -> str:
    """Read numbers as such where they are wanted; names of classes would lose digits on the way."""
    truth = datasets.get(label.dataset)
    kind = truth.columns.get(label.column) if truth else None
    named = task is Task.MULTICLASS_CLASSIFICATION and kind is not ColumnType.NUMBER
    return "VARCHAR" if named or kind is ColumnType.STRING else "DOUBLE"


def _labels(base: DatasetSpec, label: Label, first: date, kind: str) -> str:
    keys = ", ".join(map(quoted, base.key))
    value = f"CAST({quoted(label.column)} AS {kind})"
    return (
        f"CREATE TEMP TABLE {_LABELS} AS SELECT {keys},"  # noqa: S608 - quoted
        f" arg_max_null({value}, {_ROW}) AS label"  # also of a label that was taken back
        f" FROM {quoted(rows_of(label.dataset))} WHERE {_ROW} >= {row_number(first)} GROUP BY {keys}"
    )


def _joined(events: EventSql, base: DatasetSpec, label: Label, columns: Sequence[str]) -> str:
    day = f"DATE '1970-01-01' + CAST(events.{_ROW} >> {ROW_BITS} AS INTEGER)"
    matured = f"CAST(make_timestamp(epoch_us(events.{quoted(label.mature_at)})) AS DATE)"
    selected = [*(f"events.{quoted(name)}" for name in columns), f"{day} AS {quoted(DS)}"]
    selected += [f"{matured} AS {quoted(MATURED)}", f"labels.label AS {quoted(LABEL)}"]
    return (
        f"SELECT {', '.join(selected)} FROM ({events.select}) AS events"  # noqa: S608 - quoted
        f" LEFT JOIN {_AGAIN} AS again ON {_same_key(base, 'again')}"
        f" LEFT JOIN {_LABELS} AS labels ON {_same_key(base, 'labels')}"
        f" WHERE again.first_row IS NULL OR again.first_row = events.{_ROW} ORDER BY events.{_ROW}"
    )


def _same_key(base: DatasetSpec, other: str) -> str:
    return " AND ".join(f"events.{quoted(name)} = {other}.{quoted(name)}" for name in base.key)
