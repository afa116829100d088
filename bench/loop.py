"""`make bench-loop`: seven nights and a weekly check under Airflow, beside the same steps without it.

All three ways do the same kind of work on weeks of the same size that nobody has worked on before, with
the same servers: under the scheduler; each step in a process of its own, one after another; and, for
information, all steps in one process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.loop_steps import DATASETS, MODEL, NIGHTS, steps_of_week
from bench.report import at_most, for_information, print_figures, print_table
from include.demo.airflow_api import AirflowApi, Run
from include.demo.display import Display
from include.demo.seed import seed_source
from include.demo.story import FIRST_NIGHT, Story
from include.local.stack import LocalStack
from include.specs import load_specs

PROJECT_ROOT = Path(__file__).resolve().parents[1]
WEEKS = [FIRST_NIGHT + timedelta(weeks=number) for number in range(3)]


def run_under_airflow(api: AirflowApi, first: date) -> tuple[float, list[Run]]:
    """Backfill seven nights, then check the week; return the seconds and the runs."""
    last = first + timedelta(days=NIGHTS - 1)
    dags = [*(f"{name}__ingest" for name in DATASETS), f"{MODEL}__predict"]
    began = time.perf_counter()
    backfills = [api.backfill(dag, first, last, max_active_runs=2) for dag in dags]
    for backfill in backfills:
        api.wait_for_backfill(backfill, lambda: None)
    drift = api.trigger(f"{MODEL}__drift", f"bench__{first}", {"partition": first.isoformat()})
    api.wait(drift, lambda: None)
    seconds = time.perf_counter() - began
    runs = [run for dag in dags for run in api.runs_between(dag, first, last)]
    for run in runs:
        api.require_success(run)
    return seconds, [*runs, drift]


def run_as_processes(environ: dict[str, str], first: date) -> tuple[float, list[dict[str, Any]]]:
    """Run each step in a fresh process, one after another."""
    seen, began = [], time.perf_counter()
    for step in steps_of_week(first):
        seen += _run_steps(environ, first, step)
    return time.perf_counter() - began, seen


def run_in_one_process(environ: dict[str, str], first: date) -> float:
    """Run all steps in one fresh process."""
    began = time.perf_counter()
    _run_steps(environ, first)
    return time.perf_counter() - began


def _run_steps(environ: dict[str, str], first: date, *steps: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.loop_steps", first.isoformat(), *steps]
    began = time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{steps or 'the week'} failed:\n{done.stderr[-3000:]}")
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [{**step, "wall": (time.perf_counter() - began) / len(seen)} for step in seen]


def _plain_environment(stack: LocalStack, handover: Path) -> dict[str, str]:
    airflow = stack.env()
    connection = json.loads(airflow["AIRFLOW_CONN_PERENNIAL_WAREHOUSE"])
    warehouse = (
        f"postgresql+psycopg://{connection['login']}:{connection['password']}"
        f"@{connection['host']}:{connection['port']}/{connection['schema']}"
    )
    bench = {"BENCH_WAREHOUSE": warehouse, "BENCH_SOURCE": stack.source_url, "BENCH_HANDOVER": str(handover)}
    return {**os.environ, **airflow, **bench}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def task_times(api: AirflowApi, runs: list[Run]) -> tuple[dict[str, list[float]], list[float], list[float]]:
    """Return seconds per task id, gaps between a task's end and the next one's start, and queue waits."""
    seconds: dict[str, list[float]] = defaultdict(list)
    gaps, waits = [], []
    for run in runs:
        tasks = [task for task in api.tasks(run) if task["start_date"] and task["state"] == "success"]
        tasks.sort(key=lambda task: _moment(task["start_date"]))
        for task in tasks:
            seconds[task["task_id"]].append(task["duration"])
            waits.append((_moment(task["start_date"]) - _moment(task["queued_when"])).total_seconds())
        for before, after in pairwise(tasks):
            gaps.append((_moment(after["start_date"]) - _moment(before["end_date"])).total_seconds())
    return seconds, gaps, waits


def _print_where_time_goes(seen: list[dict[str, Any]], tasks: dict[str, list[float]]) -> None:
    verbs = list(dict.fromkeys(step["step"] for step in seen))
    rows = []
    for verb in verbs:
        mine = [step for step in seen if step["step"] == verb]
        total = {key: sum(step[key] for step in mine) for key in ("wall", "import", "work")}
        rest = total["wall"] - total["import"] - total["work"]
        rows.append((verb, len(mine), total["wall"], total["import"], total["work"], rest))
    head = ("step", "runs", "seconds", "imports", "work", "process start")
    print_table("Plain processes, one after another: where the time goes", head, rows)
    rows = [(name, len(s), sum(s), statistics.median(s)) for name, s in sorted(tasks.items())]
    print_table("Under Airflow: seconds inside tasks", ("task", "runs", "sum", "median"), rows)


def main() -> int:
    """Prepare a champion, measure the three ways, print tables and figures."""
    console = Console(stderr=True)
    display = Display(console)
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        state = Path(folder) / "state"
        state.parent.chmod(0o711)  # PostgreSQL runs under another account when we are root
        handover = Path(folder) / "handover"
        handover.mkdir()
        with LocalStack(PROJECT_ROOT, state) as stack:
            stack.start()
            seed_source(stack.source_url, None, None)
            api = AirflowApi(stack.airflow_url, stack.admin_user, stack.admin_password)
            story = Story(api, load_specs(PROJECT_ROOT / "include"), display)
            story.prepare()
            airflow_seconds, runs = run_under_airflow(api, WEEKS[0])
            story.follow_retraining(runs[-1])
            tasks, gaps, waits = task_times(api, runs)
            environ = _plain_environment(stack, handover)
            plain_seconds, seen = run_as_processes(environ, WEEKS[1])
            single_seconds = run_in_one_process(environ, WEEKS[2])
    _print_where_time_goes(seen, tasks)
    rows = [
        ("under Airflow", airflow_seconds, airflow_seconds / plain_seconds),
        ("plain processes, one after another", plain_seconds, 1.0),
        ("all steps in one process", single_seconds, single_seconds / plain_seconds),
    ]
    print_table("Seven nights and a weekly check", ("way", "seconds", "ratio"), rows)
    return print_figures(
        [
            at_most("loop_ratio_airflow_to_plain_processes", airflow_seconds / plain_seconds, 1.3),
            for_information("loop_ratio_one_process_to_plain_processes", single_seconds / plain_seconds),
            at_most("loop_median_seconds_between_tasks", statistics.median(gaps), 0.3),
            for_information("loop_median_seconds_queued", statistics.median(waits)),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
