"""One ingest in a process of its own, measured: `python -m bench.ingest_one ours|pandas <table> <folder>`.

The source's address is in `BENCH_SOURCE`. Prints a line of JSON: seconds of the work, peak memory of the
process over what it held with everything imported, and the file that came of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from bench.memory import peak_megabytes, resident_megabytes
from include.settings import Settings
from include.specs import Specs, load_specs

PROJECT_ROOT = Path(__file__).resolve().parents[1]
DAY = date(2017, 3, 1)


def ours(url: str, table: str, folder: Path) -> Callable[[], Path]:
    """Return the step as Airflow's task would run it, with everything imported that it will need."""
    import duckdb  # noqa: F401 - loaded by the step where rows must be sorted

    from include.adapters.lake import Lake
    from include.adapters.sources import postgres_arrow, sql  # noqa: F401 - loaded when a source is opened
    from include.steps import ingest_partition

    settings = Settings.from_mapping(
        {
            "PERENNIAL_LAKE_ROOT": str(folder / "lake"),
            "PERENNIAL_REPORTS_ROOT": str(folder / "reports"),
            "PERENNIAL_WORK_ROOT": str(folder / "work"),
            "PERENNIAL_SNAPSHOT_REGISTRY": str(folder / "registry.git"),
            "PERENNIAL_MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
            "PERENNIAL_SPECS_ROOT": str(PROJECT_ROOT / "include"),
        },
        connections={"hotel_pms": url},
    )
    specs = _specs(table)

    def run() -> Path:
        ingest_partition.run(settings, specs, "bookings", DAY)
        lake = Lake(settings.lake_root)
        manifest = lake.raw_manifest("bookings", DAY)
        assert manifest is not None
        return lake.raw_path(manifest)

    return run


def pandas(url: str, table: str, folder: Path) -> Callable[[], Path]:
    """Return what people write: read_sql, to_parquet."""
    import pandas as pd
    import pyarrow.parquet  # noqa: F401 - loaded by to_parquet
    import sqlalchemy as sa

    columns = ", ".join(_specs(table).dataset("bookings").columns)
    query = sa.text(f"SELECT {columns} FROM {table} WHERE booked_at >= :low AND booked_at < :high")
    bounds = {"low": DAY, "high": date(2017, 3, 2)}
    engine = sa.create_engine(url)

    def run() -> Path:
        path = folder / "bookings.parquet"
        pd.read_sql(query, engine, params=bounds).to_parquet(path, index=False)
        return path

    return run


def _specs(table: str) -> Specs:
    specs = load_specs(PROJECT_ROOT / "include")
    spec = specs.dataset("bookings")
    source = spec.source.model_copy(update={"table": table})
    return replace(specs, datasets={**specs.datasets, "bookings": spec.model_copy(update={"source": source})})


def main() -> None:
    """Do one ingest."""
    way, table, folder = sys.argv[1:]
    run = {"ours": ours, "pandas": pandas}[way](os.environ["BENCH_SOURCE"], table, Path(folder))
    idle, began = resident_megabytes(), time.perf_counter()
    path = run()
    seconds = time.perf_counter() - began
    over_idle = peak_megabytes() - idle
    print(json.dumps({"seconds": seconds, "megabytes_over_idle": over_idle, "path": str(path)}))


if __name__ == "__main__":
    main()
