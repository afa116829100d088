"""`make bench-trainset`: a point-in-time training set with window aggregates, beside the obvious pandas way.

Synthetic events of many entities, in daily Parquet files; ten aggregates over three windows of each
event's entity, strictly before the event; labels that are mature by row. Each way runs in a process of its
own, from import to the written file. BENCH_TRAINSET_ROWS and BENCH_TRAINSET_LARGE_ROWS make it smaller.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.report import Figure, at_least, at_most, for_information, print_figures, print_table

ROWS = int(os.environ.get("BENCH_TRAINSET_ROWS", "5_000_000"))
LARGE_ROWS = int(os.environ.get("BENCH_TRAINSET_LARGE_ROWS", "20_000_000"))
ENTITIES = 100_000
DAYS = 180
FIRST = date(2024, 1, 1)
LIMITS = (("500MB", 1), ("1GB", 2), ("500MB", 2))  # the last as it is shipped
PROJECT_ROOT = Path(__file__).resolve().parents[1]


def write_data(folder: Path, rows: int) -> None:
    """Write a day a file: events without two at one moment of an entity, and their outcomes."""
    generator = np.random.default_rng(7)
    for name in ("events", "outcomes"):
        (folder / name).mkdir(parents=True)
    per_day = rows // DAYS
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        ids = np.arange(number * per_day, (number + 1) * per_day)
        midnight = np.datetime64(day, "us")
        moments = midnight + (np.arange(per_day) * (86_400_000_000 // per_day)).astype("timedelta64[us]")
        events = pa.table(
            {
                "id": ids,
                "at": pa.array(moments, pa.timestamp("us", "UTC")),
                "due": pa.array(np.full(per_day, np.datetime64(day) + 5)),
                "customer": generator.integers(0, ENTITIES, per_day),
                "amount": np.round(generator.gamma(2, 30, per_day), 2),
                "items": generator.integers(1, 9, per_day),
            }
        )
        outcomes = pa.table({"id": ids, "at": events["at"], "happened": generator.integers(0, 2, per_day)})
        pq.write_table(events, folder / "events" / f"{day}.parquet", compression="zstd")
        pq.write_table(outcomes, folder / "outcomes" / f"{day}.parquet", compression="zstd")


def run(way: str, *arguments: object) -> dict[str, Any]:
    """Run one way in a process of its own; return its seconds, peak memory and what it says."""
    command = [sys.executable, "-m", "bench.trainset_ways", way, *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(command, env=environ, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def greatest_difference(ours: Path, theirs: Path) -> float:
    """Compare two training sets: infinite where keys, counts or labels differ, else relative."""
    one, other = pq.read_table(ours), pq.read_table(theirs)
    if one.num_rows != other.num_rows:
        return float("inf")
    worst = 0.0
    for name in other.column_names:
        a, b = (t[name].to_numpy().astype(float) for t in (one, other))
        same = np.isclose(a, b, rtol=0, atol=0, equal_nan=True)
        if name.startswith(("id", "count", "#label")) and not same.all():
            return float("inf")
        gap = np.abs(a - b)[~same] / np.maximum(np.abs(b[~same]), 1)
        if np.isnan(gap).any():
            return float("inf")
        worst = max(worst, float(gap.max(initial=0)))
    return worst


def main() -> int:
    """Measure both ways, compare their results, repeat ours under other limits and with more rows."""
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as temporary:
        folder = Path(temporary)
        write_data(folder / "data", ROWS)
        theirs = run("pandas", folder / "data", folder / "pandas.parquet")
        ours = [
            run("ours", folder / "data", folder / f"ours{number}.parquet", memory, threads)
            for number, (memory, threads) in enumerate(LIMITS)
        ]
        difference = greatest_difference(folder / f"ours{len(LIMITS) - 1}.parquet", folder / "pandas.parquet")
        write_data(folder / "large", LARGE_ROWS)
        large = run("ours", folder / "large", folder / "large.parquet", *LIMITS[-1])
    return _report(theirs, ours, large, difference)


def _report(
    theirs: dict[str, Any], ours: list[dict[str, Any]], large: dict[str, Any], difference: float
) -> int:
    rows = [("pandas", ROWS, theirs["seconds"], theirs["peak_mb"])]
    rows += [
        (f"ours, {memory}, {threads} threads", ROWS, one["seconds"], one["peak_mb"])
        for (memory, threads), one in zip(LIMITS, ours, strict=True)
    ]
    rows.append(
        (f"ours, {LIMITS[-1][0]}, {LIMITS[-1][1]} threads", LARGE_ROWS, large["seconds"], large["peak_mb"])
    )
    print_table("Training set with ten window aggregates", ("way", "events", "seconds", "peak MB"), rows)
    hashes = sorted({one["sha256"] for one in ours})
    return print_figures(
        [
            at_least("trainset_ratio_pandas_to_ours", theirs["seconds"] / ours[-1]["seconds"], 4.0),
            at_most("trainset_greatest_relative_difference_to_pandas", difference, 1e-9),
            Figure("trainset_different_files_over_memory_and_threads", len(hashes), "== 1", len(hashes) == 1),
            at_most(f"trainset_peak_mb_at_{LARGE_ROWS}_events", large["peak_mb"], 1200.0),
            for_information(f"trainset_seconds_at_{LARGE_ROWS}_events", large["seconds"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
