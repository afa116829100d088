"""`make bench-search`: a search on the real bookings with two worker processes, beside the same with one.

Each side is a whole search: opening it, which reads and checks the training set, and its trials, the first
ones before those that are pruned by them, each in one of the worker processes, as Airflow would run them.
Processes are started and have imported everything before the clock runs. Both sides must come to the same
trials. Below: what a trial's own copy of the training set saves over reading the snapshot each time.

Size: --trials (16), --window (days of bookings, 540), --data (the zip of the bookings).
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.memory import peak_megabytes
from bench.report import Figure, at_least, for_information, print_figures, print_table
from bench.servers import servers
from include.settings import Settings
from include.specs import Specs
from include.specs.training import Search

PROJECT_ROOT = Path(__file__).resolve().parents[1]
DATA = PROJECT_ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"
AS_OF = date(2017, 5, 1)
MODEL = "booking_cancellation"
SEARCH: dict[str, Any] = {
    "folds": 3,
    "space": {
        "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
        "max_iter": {"low": 50, "high": 400},
        "max_leaf_nodes": {"low": 15, "high": 63},
        "min_samples_leaf": {"low": 10, "high": 100, "log": True},
        "l2_regularization": {"low": 0.001, "high": 10.0, "log": True},
    },
}


@dataclass(frozen=True)
class Searched:
    """One search.

    Attributes
    ----------
    plan_seconds, trials_seconds
        What opening it and its trials took.
    trials
        What each trial came to, without how long it took.
    work_seconds
        The fits and scores of all trials, added up.
    best
        The number and the value of the best trial.
    peak_mib
        The most memory that one worker process held.
    """

    plan_seconds: float
    trials_seconds: float
    trials: list[tuple[Any, ...]]
    work_seconds: float
    best: tuple[int, float]
    peak_mib: float

    @property
    def seconds(self) -> float:
        return self.plan_seconds + self.trials_seconds


@contextmanager
def hotel(data: Path, window: int) -> Iterator[tuple[Settings, Specs]]:
    """Start the servers and bring the bookings into the lake."""
    from include.demo.seed import seed_source
    from tests.support.hotel import Hotel, write_specs
    from tests.support.servers import installation

    with servers("bench-search") as started:
        source, warehouse = (started.postgres.ensure_database(name) for name in ("source", "warehouse"))
        seed_source(source, data)
        specs = started.folder / "specs"
        write_specs(specs, MODEL, f"{window}d")
        run = started.folder / "run"
        settings = installation(run, warehouse, started.mlflow_url, {"hotel_pms": source}, specs)
        filled = Hotel(settings, MODEL)
        filled.load_history(AS_OF)
        yield settings, filled.specs


def with_search(specs: Specs, name: str, trials: int) -> Specs:
    """Return the specs with a model of another name that is searched."""
    spec = specs.model(MODEL)
    training = spec.training.model_copy(
        update={"search": Search.model_validate({**SEARCH, "trials": trials})}
    )
    return Specs(
        datasets=specs.datasets,
        models={name: spec.model_copy(update={"model": name, "training": training})},
    )


def search(settings: Settings, specs: Specs, name: str, workers: int) -> Searched:
    """Run a whole search with so many worker processes."""
    from include.adapters import search_study
    from include.core.folds import search_metric
    from include.steps import freeze_snapshot, plan_search
    from include.steps.searched_params import find_best_trial

    snapshot = freeze_snapshot.run(settings, specs, name, AS_OF)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_import_all, range(workers)))
        began = time.perf_counter()
        plan = plan_search.run(settings, specs, name, snapshot, "bench", "bench")
        planned = time.perf_counter()
        peaks = []
        for wave in (range(plan.first_trials), range(plan.first_trials, plan.trials)):
            peaks += list(pool.map(_run_trial, [(settings, specs, plan, snapshot, one) for one in wave]))
        done = time.perf_counter()
    trials = search_study.read_trials(settings, plan.study)
    best = find_best_trial(settings, specs.model(name), plan.study)
    print_table(
        f"Trials with {workers} worker process(es)",
        ("trial", "state", "folds", str(search_metric(specs.model(name))), "seconds"),
        [(one.number, one.state.value, len(one.folds), one.value or "-", one.seconds) for one in trials],
    )
    return Searched(
        plan_seconds=planned - began,
        trials_seconds=done - planned,
        trials=[(one.number, one.state, one.params, one.folds, one.value) for one in trials],
        work_seconds=sum(one.seconds for one in trials),
        best=(best.number, best.value or 0.0),
        peak_mib=max(peaks),
    )


def _import_all(_: int) -> None:
    logging.disable()
    import include.steps.plan_search
    import include.steps.run_trial  # noqa: F401

    time.sleep(2)  # so that every process of the pool gets one of these


def _run_trial(given: tuple[Any, ...]) -> float:
    from include.steps import run_trial

    run_trial.run(*given)
    return peak_megabytes()


def measure_rows(settings: Settings, specs: Specs, name: str) -> tuple[float, float]:
    """Return the seconds of reading a training set from its snapshot, and from a copy of it."""
    from include.steps import freeze_snapshot
    from include.steps.search_rows import forget_search_rows, read_search_rows

    spec, snapshot = specs.model(name), freeze_snapshot.run(settings, specs, name, AS_OF)
    forget_search_rows(settings, name)
    began = time.perf_counter()
    made = read_search_rows(settings, specs, spec, snapshot, "measured", None)
    read = time.perf_counter()
    read_search_rows(settings, specs, spec, snapshot, "measured", made.sha256)
    return read - began, time.perf_counter() - read


def main(arguments: list[str]) -> int:
    """Measure both sides, compare them, print tables and figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--window", type=int, default=540)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args(arguments)
    if not given.data.exists():
        print(f"the real bookings are not at {given.data}: name their zip by --data; nothing was measured")
        return 0
    logging.disable()
    with hotel(given.data, given.window) as (settings, specs):
        searched = {
            workers: search(
                settings, with_search(specs, f"bench_{workers}", given.trials), f"bench_{workers}", workers
            )
            for workers in (1, 2)
        }
        from_snapshot, from_copy = measure_rows(settings, with_search(specs, "bench_rows", 2), "bench_rows")
    rows = [
        (n, one.plan_seconds, one.trials_seconds, one.work_seconds, one.seconds, f"{one.peak_mib:.0f}")
        for n, one in searched.items()
    ]
    head = ("worker processes", "plan s", "trials s", "fits and scores s", "search s", "peak MiB of one")
    print_table(f"{given.trials} trials on the real bookings, {given.window} days", head, rows)
    rows = [("snapshot", from_snapshot), ("copy", from_copy)]
    print_table("Reading the training set", ("from", "seconds"), rows)
    return print_figures(_figures(searched[1], searched[2], from_snapshot, from_copy))


def _figures(one: Searched, two: Searched, from_snapshot: float, from_copy: float) -> list[Figure]:
    equal = [
        number for number, pair in enumerate(zip(one.trials, two.trials, strict=True)) if pair[0] == pair[1]
    ]
    return [
        at_least("search_ratio_one_to_two_workers", one.seconds / two.seconds, 1.6),
        for_information(
            "search_ratio_one_to_two_workers_trials_only", one.trials_seconds / two.trials_seconds
        ),
        Figure("search_equal_trials", len(equal), f"== {len(one.trials)}", len(equal) == len(one.trials)),
        Figure("search_best_trial", two.best[0], f"== {one.best[0]}", two.best == one.best),
        for_information("search_rows_seconds_from_snapshot", from_snapshot),
        for_information("search_rows_seconds_from_copy", from_copy),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
