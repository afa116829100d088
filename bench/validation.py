"""`make bench-validation`: our whole check of a partition beside plain Great Expectations on pandas.

Ours is the step itself in a process of its own: imports, verdict, failing rows, quarantine, result page,
clean partition. Theirs is what anybody would write: imports, read_parquet, validate with COMPLETE results,
keys collected; it writes nothing. Both must find the same rows for each of the 40 rules.
`BENCH_VALIDATION_ROWS` (default 1,000,000) and `BENCH_VALIDATION_LARGE_ROWS` (default 10,000,000; for
memory, only ours) make it small for a trial.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.report import Figure, at_least, at_most, for_information, print_figures, print_table

PROJECT_ROOT = Path(__file__).resolve().parents[1]
ROWS = int(os.environ.get("BENCH_VALIDATION_ROWS", "1000000"))
LARGE_ROWS = int(os.environ.get("BENCH_VALIDATION_LARGE_ROWS", "10000000"))
REPEATS = int(os.environ.get("BENCH_VALIDATION_REPEATS", "3"))
SHARES = {"0.1 %": 0.001, "50 %": 0.5}
GOALS = {"0.1 %": 1.0, "50 %": 5.0}
_WAYS = "bench.validation_ways"


def run(way: str, root: Path, *arguments: str) -> dict[str, Any]:
    """Run one way in a process of its own; return what it prints, with its seconds and peak memory."""
    command = [sys.executable, "-m", _WAYS, way, str(root), *arguments]
    began = time.perf_counter()
    child = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{way} failed")
    # ru_maxrss is the child's own peak, in KiB on Linux
    worked = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}
    return {**json.loads(said.splitlines()[-1]), **worked}


def measure(way: str, root: Path, repeats: int) -> dict[str, Any]:
    """Run a way several times from the same start; keep the fastest, as other work only adds."""
    seen = []
    for _ in range(repeats):
        shutil.rmtree(root / "lake/orders/2024-03-01/clean", ignore_errors=True)
        shutil.rmtree(root / "reports", ignore_errors=True)
        seen.append(run(way, root))
    return {**min(seen, key=lambda one: one["seconds"]), "mb": max(one["mb"] for one in seen)}


def compare(folder: Path, rows: int, name: str) -> tuple[list[tuple[object, ...]], list[Figure]]:
    """Measure both ways on one partition and hold their answers against each other."""
    root = folder / name.replace(" %", "")
    run("prepare", root, str(rows), str(SHARES[name]))
    mine = measure("ours", root, REPEATS)
    mine |= {"keys": run("ours_keys", root)["keys"]}
    plain = measure("theirs", root, REPEATS)
    same = all(mine[key] == plain[key] for key in ("failed", "quarantined_rows", "keys"))
    failing = sum(mine["failed"])
    table = [
        (f"{way}, {name}", rows, one["quarantined_rows"], failing, one["seconds"], one["cpu"], one["mb"])
        for way, one in (("ours", mine), ("plain GX", plain))
    ]
    label = name.replace(" %", "_percent").replace(".", "_")
    return table, [
        at_least(f"validation_speedup_{label}_failing", plain["seconds"] / mine["seconds"], GOALS[name]),
        Figure(f"validation_same_rows_{label}_failing", int(same), "1", same),
        for_information(f"validation_cpu_speedup_{label}_failing", plain["cpu"] / mine["cpu"]),
        for_information(f"validation_peak_mb_{label}_failing", mine["mb"]),
    ]


def peak_of_large(folder: Path) -> tuple[list[tuple[object, ...]], list[Figure]]:
    """Measure the memory of ours on a partition ten times as large, half of it failing."""
    root = folder / "large"
    run("prepare", root, str(LARGE_ROWS), "0.5")
    mine = measure("ours", root, 1)
    row = ("ours, large, 50 %", LARGE_ROWS, mine["quarantined_rows"], sum(mine["failed"]))
    figure = at_most("validation_peak_mb_large", mine["mb"], 1536.0)
    return [(*row, mine["seconds"], mine["cpu"], mine["mb"])], [figure]


def main() -> int:
    """Measure all shares, then the memory of a large partition."""
    rows: list[tuple[object, ...]] = []
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        for share in SHARES:
            table, found = compare(Path(name), ROWS, share)
            rows, figures = rows + table, figures + found
        table, found = peak_of_large(Path(name))
        rows, figures = rows + table, figures + found
    head = ("way", "rows", "failing rows", "broken rules in them", "seconds", "CPU seconds", "peak MB")
    print_table("Validation of a partition: 30 columns, 40 rules", head, rows)
    return print_figures(figures)


if __name__ == "__main__":
    sys.exit(main())
