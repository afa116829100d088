"""The two ways that `bench.trainset` compares; each is run as a program and says what it took."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.memory import peak_megabytes

WINDOWS = {"1d": 1, "7d": 7, "30d": 30}
AGGREGATES = {
    "count_1d": ("1d", "amount", "count"),
    "count_7d": ("7d", "amount", "count"),
    "count_30d": ("30d", "amount", "count"),
    "sum_1d": ("1d", "amount", "sum"),
    "sum_7d": ("7d", "amount", "sum"),
    "sum_30d": ("30d", "amount", "sum"),
    "mean_30d": ("30d", "amount", "mean"),
    "max_7d": ("7d", "amount", "max"),
    "items_7d": ("7d", "items", "sum"),
    "items_30d": ("30d", "items", "sum"),
}
GRACE = timedelta(days=5)


def in_pandas(data: Path, target: Path) -> dict[str, Any]:
    """Sort, roll over each customer, merge the labels, take the mature rows' labels, write."""
    import pandas as pd

    events = pd.read_parquet(data / "events").sort_values(["customer", "at"], ignore_index=True)
    rolling = {
        window: events.groupby("customer").rolling(f"{days}D", on="at", closed="left")
        for window, days in WINDOWS.items()
    }
    for name, (window, column, how) in AGGREGATES.items():
        values = getattr(rolling[window][column], how)().to_numpy()
        events[name] = pd.Series(values).fillna(0) if how in {"count", "sum"} else values
    outcomes = pd.read_parquet(data / "outcomes", columns=["id", "happened"])
    joined = events.drop_duplicates("id").merge(
        outcomes.drop_duplicates("id", keep="last"), on="id", how="left"
    )
    joined["#label"] = joined.pop("happened").astype(float)
    joined["#matured"] = joined.pop("due")
    wanted = ["id", *AGGREGATES, "#matured", "#label"]
    joined.sort_values("id", ignore_index=True)[wanted].to_parquet(target)
    return {"rows": len(joined)}


def ours(data: Path, target: Path, memory: str, threads: str) -> dict[str, Any]:
    """Build the training set as a snapshot's is built."""
    from bench.trainset_specs import specs
    from include.adapters.feature_rows import PartitionFiles
    from include.steps.snapshot_training_set import write_training_set

    found = specs(AGGREGATES)
    model = found.model("bench")
    files = {
        name: PartitionFiles(
            found.dataset(name).columns,
            {date.fromisoformat(path.stem): path for path in (data / name).glob("*.parquet")},
        )
        for name in ("events", "outcomes")
    }
    facts = write_training_set(
        target.parent / "work", found, model, None, files, list(AGGREGATES), model.derived, target,
        memory=memory, threads=int(threads),
    )  # fmt: skip
    return {"rows": facts.rows, "sha256": facts.sha256}


def main() -> None:
    """Run the way named first with the other arguments."""
    began = time.perf_counter()
    way, data, target, *limits = sys.argv[1:]
    said = (in_pandas if way == "pandas" else ours)(Path(data), Path(target), *limits)
    print(json.dumps({**said, "seconds": time.perf_counter() - began, "peak_mb": peak_megabytes()}))


if __name__ == "__main__":
    main()
