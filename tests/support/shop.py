"""A small installation with a learnable model: events and outcomes of a shop, ready to be frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from include.adapters.lake import Lake
from include.settings import Settings
from include.specs import DatasetSpec, ModelSpec, Specs
from tests.support.model_specs import BASE
from tests.support.partitions import commit_clean

FIRST = date(2024, 1, 1)
_COLUMNS = {
    "events": {
        "id": "integer", "at": "timestamp", "due": "date", "size": "number", "kind": "string",
    },
    "outcomes": {"id": "integer", "at": "timestamp", "happened": "integer"},
}  # fmt: skip


def shop_specs(model: str, **sections: Any) -> Specs:
    """Return the specs of both datasets and of the model, with some of its sections replaced."""
    spec = ModelSpec.model_validate({**BASE, "model": model, **sections})
    return Specs(
        datasets={name: DatasetSpec.model_validate(dataset_document(name)) for name in _COLUMNS},
        models={model: spec},
    )


def dataset_document(name: str) -> dict[str, Any]:
    """Return the spec of one of the datasets, as YAML would say it."""
    return {
        "dataset": name,
        "owner": "team",
        "description": "Demo rows.",
        "source": {"kind": "sql", "connection": "shop", "table": name},
        "key": ["id"],
        "event_time": "at",
        "start": FIRST,
        "schedule": "0 2 * * *",
        "columns": _COLUMNS[name],
        "contract": [{"expect": "column_values_to_not_be_null", "column": "id", "severity": "block"}],
        "budgets": {"quarantine_share": 0.1, "min_rows": 0},
    }


@dataclass(frozen=True)
class Shop:
    """Settings, and a model whose name is the test's own."""

    settings: Settings
    model: str = field(default_factory=lambda: f"shop_{uuid4().hex[:12]}")

    def specs(self, **sections: Any) -> Specs:
        return shop_specs(self.model, **sections)

    def write_days(self, first: date, last: date, rows: int = 40) -> None:
        """Commit both datasets: each event is due three days later and its outcome known that day."""
        for offset in range((last - first).days + 1):
            ds = first + timedelta(days=offset)
            self._commit("events", ds, _events(ds, rows))
            due_today = ds - timedelta(days=3)
            if due_today >= first:
                self._commit("outcomes", ds, _outcomes(ds, _events(due_today, rows)))

    def _commit(self, dataset: str, ds: date, table: pa.Table) -> None:
        lake = Lake(self.settings.lake_root)
        raw = lake.commit_raw(dataset, ds, table, _COLUMNS[dataset], {"table": dataset})
        commit_clean(lake, raw, table)


def _events(ds: date, rows: int) -> pa.Table:
    generator = np.random.default_rng(ds.toordinal())
    number = (ds - FIRST).days * 10_000
    midnight = datetime.combine(ds, datetime.min.time(), UTC)
    columns: Mapping[str, Any] = {
        "id": pa.array(range(number, number + rows), pa.int64()),
        "at": pa.array([midnight] * rows, pa.timestamp("us", tz="UTC")),
        "due": pa.array([ds + timedelta(days=3)] * rows, pa.date32()),
        "size": pa.array(generator.normal(size=rows)),
        "kind": pa.array(generator.choice(["a", "b"], rows).tolist()),
    }
    return pa.table(columns)


def _outcomes(ds: date, events: pa.Table) -> pa.Table:
    generator = np.random.default_rng(ds.toordinal() + 1)
    noise = generator.normal(scale=0.7, size=events.num_rows)
    happened = events["size"].to_numpy() + noise > 0
    midnight = datetime.combine(ds, datetime.min.time(), UTC)
    return pa.table(
        {
            "id": events["id"],
            "at": pa.array([midnight] * events.num_rows, pa.timestamp("us", tz="UTC")),
            "happened": pa.array(happened.astype(int), pa.int64()),
        }
    )
