"""`make bench-snapshot`: what adding one day to a snapshot costs with 10, 100 and 1,000 days there already.

The real step runs in a fresh process with a fresh clone, against a registry that a git server holds, once
with its storage in a folder and once on an S3 server; nothing is shared with the run before. Counted are
the seconds of the step, those of its whole process as a task has them, and all bytes that git and S3 move
in both directions; with a folder, the bytes of the files that are new in it.

Sizes come from the environment: BENCH_EXISTING (10,100,1000), BENCH_ROWS (rows of a partition, 1000),
BENCH_REPEATS (5).
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.counting_proxy import CountingProxy
from bench.report import Figure, at_most, for_information, print_figures, print_table

PROJECT_ROOT = Path(__file__).resolve().parents[1]
EXISTING = [int(size) for size in os.environ.get("BENCH_EXISTING", "10,100,1000").split(",")]
ROWS = int(os.environ.get("BENCH_ROWS", "1000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
FIRST = date(2020, 1, 1)
MODEL = "bench"
LIMIT = 1.5
_COLUMNS = {"id": "integer", "at": "timestamp", **{f"x{n}": "number" for n in range(8)}}


@dataclass
class Measured:
    """What each freeze of one size cost."""

    cpu_seconds: list[float] = field(default_factory=list)
    step_seconds: list[float] = field(default_factory=list)
    process_seconds: list[float] = field(default_factory=list)
    storage_bytes: list[int] = field(default_factory=list)
    git_bytes: list[int] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return the median of each, and of the bytes together."""
        together = [sum(pair) for pair in zip(self.storage_bytes, self.git_bytes, strict=True)]
        found = {name: float(statistics.median(values)) for name, values in self.__dict__.items()}
        return {**found, "bytes": float(statistics.median(together))}


def fill_lake(root: Path, days: int) -> None:
    """Write two datasets, so many days of each."""
    import numpy as np
    import pyarrow as pa

    from include.adapters.lake import Lake
    from tests.support.partitions import commit_clean

    lake = Lake(root)
    for offset in range(days):
        ds = FIRST + timedelta(days=offset)
        for number, dataset in enumerate(("events", "outcomes")):
            draw = np.random.default_rng([ds.toordinal(), number])
            at = datetime.combine(ds, datetime.min.time(), UTC)
            numbers = {f"x{n}": draw.normal(size=ROWS) for n in range(8)}
            table = pa.table(
                {"id": np.arange(ROWS), "at": pa.array([at] * ROWS, pa.timestamp("us", tz="UTC")), **numbers}
            )
            raw = lake.commit_raw(dataset, ds, table, _COLUMNS, {"table": dataset})
            commit_clean(lake, raw, table)


def freeze(document: dict[str, Any], days: int) -> dict[str, float]:
    """Freeze the first so many days in a process of its own with an empty work folder."""
    with tempfile.TemporaryDirectory() as work:
        settings = {**document["settings"], "work_root": work}
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "bench.snapshot", "freeze"],
            input=json.dumps({**document, "settings": settings, "days": days}),
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"freezing {days} days failed:\n{done.stderr[-3000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "process_seconds": seconds}


def freeze_here() -> None:
    """Do the work of `freeze` in this process."""
    from include.settings import Settings
    from include.steps import freeze_snapshot
    from tests.support.model_specs import BASE
    from tests.support.shop import shop_specs

    document = json.load(sys.stdin)
    days = document["days"]
    training = {**BASE["training"], "window": f"{days}d", "validation": "1d", "holdout": "1d"}
    specs = shop_specs(MODEL, training=training)
    settings = Settings.model_validate(document["settings"])
    began = time.perf_counter()
    snapshot = freeze_snapshot.run(settings, specs, MODEL, FIRST + timedelta(days=days))
    seconds = time.perf_counter() - began
    assert snapshot.partitions == 2 * days, snapshot
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in used)
    print(json.dumps({"step_seconds": seconds, "cpu_seconds": cpu}))


@dataclass(frozen=True)
class Remote:
    """A storage for objects: its address below a root, what DVC needs to reach it, and its byte count."""

    name: str
    address: Any
    connection: str | None
    taken: Any

    def registry(self, root: Path) -> str:
        """Create a registry over it."""
        from include.adapters.dvc_registry import create_registry

        create_registry(root / "registry.git", self.address(root))
        return str(root / "registry.git")


@contextmanager
def git_server(root: Path) -> Iterator[CountingProxy]:
    """Serve the repositories below a folder, behind a proxy that counts."""
    from include.local.ports import free_port, is_free

    port = free_port()
    options = ["--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"]
    server = subprocess.Popen(
        ["git", "daemon", *options, f"--port={port}", f"--base-path={root}", str(root)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while is_free(port):
            time.sleep(0.05)
        with CountingProxy(port) as proxy:
            yield proxy
    finally:
        os.killpg(server.pid, 15)
        server.wait()


@contextmanager
def folder_remote() -> Iterator[Remote]:
    """Give a storage in a folder; counted are the files that are new in it."""
    seen: dict[Path, int] = {}  # of all registries

    def taken(root: Path) -> int:
        files = {path: path.stat().st_size for path in (root / "storage").rglob("*") if path.is_file()}
        new = sum(size for path, size in files.items() if path not in seen)
        seen.update(files)
        return new

    yield Remote("folder", lambda root: root / "storage", None, taken)


@contextmanager
def s3_remote(logs: Path) -> Iterator[Remote]:
    """Give a bucket of a real S3 server behind a proxy that counts."""
    from dataclasses import replace

    from tests.support.s3 import start_s3

    with start_s3(logs / "s3.log") as server, CountingProxy(urlsplit(server.endpoint).port or 0) as proxy:
        behind = replace(server, endpoint=f"http://127.0.0.1:{proxy.port}")
        yield Remote(
            "S3", lambda _: f"s3://{server.new_bucket()}/objects", behind.connection, lambda _: proxy.take()
        )


def measure(lake: Path, remote: Remote) -> dict[int, dict[str, float]]:
    """Freeze each number of days, then add one day at a time to all of them in turn.

    In turn, because other work on the machine comes and goes: it shall meet all sizes alike.
    """
    found = {size: Measured() for size in EXISTING}
    with ExitStack() as stack:
        prepared = {size: stack.enter_context(_prepared(lake, remote, size)) for size in EXISTING}
        for number in range(1, REPEATS + 1):
            for size, (root, git, document) in prepared.items():
                git.take()
                remote.taken(root)
                cost = freeze(document, size + number)
                for name, value in cost.items():
                    getattr(found[size], name).append(value)
                found[size].git_bytes.append(git.take())
                found[size].storage_bytes.append(remote.taken(root))
    return {size: measured.medians() for size, measured in found.items()}


@contextmanager
def _prepared(
    lake: Path, remote: Remote, existing: int
) -> Iterator[tuple[Path, CountingProxy, dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder, git_server(Path(folder)) as git:
        root = Path(folder)
        remote.registry(root)
        document = {"settings": _settings(root, lake, f"git://127.0.0.1:{git.port}/registry.git", remote)}
        freeze(document, existing)
        yield root, git, document


def _settings(root: Path, lake: Path, registry: str, remote: Remote) -> dict[str, Any]:
    connections = {} if remote.connection is None else {"perennial_snapshots": remote.connection}
    return {
        "lake_root": str(lake),
        "reports_root": str(root / "reports"),
        "snapshot_registry": registry,
        "mlflow_tracking_uri": "http://127.0.0.1:9",
        "work_root": "",
        "specs_root": str(PROJECT_ROOT / "include"),
        "connections": connections,
    }


def main() -> int:
    """Measure both remotes at all sizes."""
    rows: list[tuple[object, ...]] = []
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        lake = Path(folder) / "lake"
        fill_lake(lake, max(EXISTING) + REPEATS)
        for remote in (
            stack.enter_context(folder_remote()),
            stack.enter_context(s3_remote(Path(folder))),
        ):
            costs = measure(lake, remote)
            rows += [_row(remote.name, size, cost) for size, cost in costs.items()]
            figures += _figures(remote.name, costs[min(EXISTING)], costs[max(EXISTING)])
    head = (
        "storage",
        "days there",
        "CPU (s)",
        "step (s)",
        "process (s)",
        "storage bytes",
        "git bytes",
        "all bytes",
    )
    print_table(f"One more day of two datasets, {ROWS} rows each; medians of {REPEATS}", head, rows)
    return print_figures(figures)


def _row(name: str, size: int, cost: dict[str, float]) -> tuple[object, ...]:
    whole = [f"{cost[key]:,.0f}" for key in ("storage_bytes", "git_bytes", "bytes")]
    return (name, size, cost["cpu_seconds"], cost["step_seconds"], cost["process_seconds"], *whole)


def _figures(name: str, small: dict[str, float], large: dict[str, float]) -> list[Figure]:
    sizes = f"{max(EXISTING)}_over_{min(EXISTING)}"
    prefix = f"snapshot_{name.lower()}"
    return [
        at_most(
            f"{prefix}_process_seconds_{sizes}", large["process_seconds"] / small["process_seconds"], LIMIT
        ),
        at_most(f"{prefix}_bytes_{sizes}", large["bytes"] / small["bytes"], LIMIT),
        for_information(f"{prefix}_cpu_seconds_{sizes}", large["cpu_seconds"] / small["cpu_seconds"]),
        for_information(f"{prefix}_step_seconds_{sizes}", large["step_seconds"] / small["step_seconds"]),
        for_information(f"{prefix}_process_seconds_{max(EXISTING)}", large["process_seconds"]),
        for_information(f"{prefix}_bytes_{max(EXISTING)}", large["bytes"]),
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["freeze"]:
        freeze_here()
    else:
        sys.exit(main())
