"""Datasets for tests of derived features: visits, the states of their customers, and how visits ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.feature_rows import PartitionFiles
from include.specs import DatasetSpec
from include.specs.column_type import ColumnType

START = date(2024, 1, 1)
_ARROW = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.STRING: pa.string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}
VISITS = {
    "id": "integer", "at": "timestamp", "due": "date", "customer": "integer", "shop": "string",
    "spend": "number", "items": "integer", "member": "boolean",
}  # fmt: skip
STATES = {"id": "integer", "seen": "timestamp", "customer": "integer", "tier": "string", "balance": "number"}


def dataset(name: str, columns: dict[str, str], event_time: str, **changes: Any) -> DatasetSpec:
    """Return a dataset's spec."""
    return DatasetSpec.model_validate(
        {
            "dataset": name,
            "owner": "team",
            "description": "Demo rows.",
            "source": {"kind": "sql", "connection": "shop", "table": name},
            "key": ["id"],
            "event_time": event_time,
            "start": START,
            "columns": columns,
            "contract": [{"expect": "column_values_to_not_be_null", "column": "id", "severity": "block"}],
            "budgets": {"quarantine_share": 0.1, "min_rows": 0},
            **changes,
        }
    )


def visits(**changes: Any) -> DatasetSpec:
    return dataset("visits", VISITS, "at", **changes)


def states(**changes: Any) -> DatasetSpec:
    return dataset("states", STATES, "seen", **changes)


def moment(day: int, hour: int = 0, microsecond: int = 0) -> datetime:
    """Return a moment by its day since the start."""
    at = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=day, hours=hour)
    return at + timedelta(microseconds=microsecond)


def by_day(spec: DatasetSpec, rows: Sequence[dict[str, Any]], last: date) -> dict[date, list[dict[str, Any]]]:
    """Sort rows into partitions, one for every day from the start up to `last`, in the order they come."""
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        at = row[spec.event_time]
        days[at.date() if isinstance(at, datetime) else at].append(row)
    return {
        START + timedelta(days=n): days[START + timedelta(days=n)] for n in range((last - START).days + 1)
    }


def table(spec: DatasetSpec, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return rows as the lake holds them."""
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in spec.columns.items()])
    return pa.Table.from_pylist(list(rows), schema)


def write_files(
    folder: Path, spec: DatasetSpec, rows: Sequence[dict[str, Any]], last: date
) -> PartitionFiles:
    """Write partitions as Parquet files under names that say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for number, (day, found) in enumerate(by_day(spec, rows, last).items()):
        paths[day] = folder / f"{spec.dataset}-{99 - number:04d}"
        pq.write_table(table(spec, found), paths[day])
    return PartitionFiles(spec.columns, paths)
