"""A small installation whose label is a class, a number or a word: rides, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from include.adapters.lake import Lake
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.cross_check import cross_check
from tests.support.model_specs import BASE
from tests.support.partitions import commit_clean
from tests.support.visits import START, dataset

RIDES = {
    "id": "integer", "at": "timestamp", "due": "date", "distance": "number", "city": "string",
    "driver": "integer",
}  # fmt: skip
ENDS = {
    "id": "integer", "at": "timestamp", "fare": "number", "vehicle": "string", "zone": "integer",
    "late": "string",
}  # fmt: skip
_ARROW = {
    "integer": pa.int64(), "timestamp": pa.timestamp("us", tz="UTC"), "date": pa.date32(),
    "number": pa.float64(), "string": pa.string(),
}  # fmt: skip


@dataclass(frozen=True)
class Rides:
    """Settings, and a model whose name is the test's own; `sections` of its spec replace the usual ones."""

    settings: Settings
    sections: dict[str, Any]
    model: str = field(default_factory=lambda: f"rides_{uuid4().hex[:12]}")

    @property
    def specs(self) -> Specs:
        datasets = {"rides": dataset("rides", RIDES, "at"), "ends": dataset("ends", ENDS, "at")}
        label = {**BASE["label"], "dataset": "ends", **self.sections["label"]}
        features = {"numeric": ["distance"], "categorical": ["city", "driver"]}
        sections = {**self.sections, "label": label, "dataset": "rides", "features": features}
        spec = ModelSpec.model_validate({**BASE, **sections, "model": self.model})
        problems = list(cross_check(spec, datasets))
        if problems:
            raise ValueError(problems)
        return Specs(datasets=datasets, models={self.model: spec})

    def write_days(self, days: int, rows: int = 30) -> None:
        """Commit both datasets: a ride is due three days later, and its end known that day."""
        for ds in (START + timedelta(days=offset) for offset in range(days)):
            self._commit("rides", ds, RIDES, rides(ds, rows))
            if ds - timedelta(days=3) >= START:
                self._commit("ends", ds, ENDS, _ends(ds, rides(ds - timedelta(days=3), rows)))

    def _commit(self, name: str, ds: date, columns: dict[str, str], values: dict[str, Any]) -> None:
        lake = Lake(self.settings.lake_root)
        table = pa.table({key: pa.array(values[key], _ARROW[kind]) for key, kind in columns.items()})
        raw = lake.commit_raw(name, ds, table, columns, {"table": name})
        commit_clean(lake, raw, table)


def rides(ds: date, rows: int) -> dict[str, Any]:
    """Return a day's rides; some have no distance or no city, and drivers are many."""
    generator = np.random.default_rng(ds.toordinal())
    distance = np.round(generator.gamma(2, 4, rows), 2)
    return {
        "id": [(ds - START).days * 10_000 + number for number in range(rows)],
        "at": [datetime.combine(ds, datetime.min.time(), UTC)] * rows,
        "due": [ds + timedelta(days=3)] * rows,
        "distance": np.where(generator.random(rows) < 0.05, None, distance),
        "city": generator.choice(np.array(["Lisbon", "Porto", None], dtype=object), rows, p=[0.5, 0.4, 0.1]),
        "driver": generator.integers(0, 2000, rows),
    }


def _ends(ds: date, ridden: dict[str, Any]) -> dict[str, Any]:
    generator = np.random.default_rng(ds.toordinal() + 1)
    distance = np.array([8.0 if value is None else value for value in ridden["distance"]], dtype=float)
    rows = len(distance)
    noisy = distance + generator.normal(scale=2, size=rows)
    place = np.digitize(noisy, [4, 10])
    return {
        "id": ridden["id"],
        "at": [datetime.combine(ds, datetime.min.time(), UTC)] * rows,
        "fare": 3 + 1.2 * noisy + (ridden["city"] == "Lisbon") * 2.0,
        "vehicle": np.array(["bike", "scooter", "van"])[place],
        "zone": np.array([7, 12, 30])[place],
        "late": np.where(noisy > 9, "yes", "no"),
    }
