"""A small dataset and the table behind it, for tests that need a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from include.settings import Settings
from include.specs import DatasetSpec, Specs

DAY = date(2017, 3, 1)

COLUMNS = {
    "stay_id": "integer",
    "made_at": "timestamp",
    "arrives": "date",
    "guest": "string",
    "price": "number",
    "paid": "boolean",
}
CONTRACT = [
    {"expect": "column_values_to_not_be_null", "column": "stay_id", "severity": "block"},
    {"expect": "column_values_to_be_unique", "column": "stay_id", "severity": "block"},
    {
        "expect": "column_values_to_be_between",
        "column": "price",
        "min_value": 0,
        "max_value": 100,
        "severity": "quarantine",
    },
    {"expect": "column_values_to_not_be_null", "column": "guest", "severity": "warn"},
]


def stays_spec(**changes: Any) -> DatasetSpec:
    """The dataset `stays`; `changes` replace top-level fields of its YAML."""
    fields = {
        "dataset": "stays",
        "owner": "tests",
        "description": "Stays of guests.",
        "source": {"kind": "sql", "connection": "inn", "table": "stays"},
        "key": ["stay_id"],
        "event_time": "made_at",
        "start": date(2017, 1, 1),
        "schedule": "0 2 * * *",
        "columns": COLUMNS,
        "contract": CONTRACT,
        "budgets": {"quarantine_share": 0.5, "min_rows": 1},
    }
    return DatasetSpec.model_validate({**fields, **changes})


def stays_specs(**changes: Any) -> Specs:
    return Specs(datasets={"stays": stays_spec(**changes)})


def stay(stay_id: int | None, day: date = DAY, **changes: Any) -> dict[str, Any]:
    """One sound row."""
    row = {
        "stay_id": stay_id,
        "made_at": datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC),
        "arrives": date(2017, 4, 1),
        "guest": "Ada",
        "price": 50.0,
        "paid": True,
    }
    return {**row, **changes}


def put_stays(url: str, rows: Iterable[Mapping[str, Any]], **types: sa.types.TypeEngine[Any]) -> None:
    """Make the table `stays` hold exactly these rows; `types` replace column types."""
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        "stay_id": sa.BigInteger(),
        "made_at": sa.DateTime(timezone=True),
        "arrives": sa.Date(),
        "guest": sa.Text(),
        "price": sa.Float(),
        "paid": sa.Boolean(),
        **types,
    }
    table = sa.Table("stays", sa.MetaData(), *[sa.Column(name, kind) for name, kind in kinds.items()])
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        if listed := [dict(row) for row in rows]:
            connection.execute(table.insert(), listed)
    engine.dispose()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'inn.db'}"


def inn_settings(root: Path, url: str) -> Settings:
    """An installation below `root` whose connection `inn` is `url`: a lake and reports, no more."""
    return Settings.from_mapping(
        {
            "PERENNIAL_LAKE_ROOT": str(root / "lake"),
            "PERENNIAL_REPORTS_ROOT": str(root / "reports"),
            "PERENNIAL_WORK_ROOT": str(root / "work"),
            "PERENNIAL_SNAPSHOT_REGISTRY": str(root / "registry.git"),
            "PERENNIAL_MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
            "PERENNIAL_SPECS_ROOT": str(root / "specs"),
        },
        connections={"inn": url},
    )


def all_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
