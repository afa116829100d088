"""`make bench-train`: our whole training step on the real bookings, beside scikit-learn and one `log_model`.

Both ways run in processes of their own, which read, fit the same pipeline on the same rows and log to the
same MLflow server, imports included. By hand is: pandas reads the ready training set from one Parquet file,
`fit`, `mlflow.sklearn.log_model`. Ours reads the snapshot and joins its labels, searches for leaks, fits,
explains, draws, bounds metrics by intervals, fits the learning curve, logs all of it and registers the model.
The models must score alike.

BENCH_DATA names the zip of the hotel bookings, BENCH_REPEATS how often each way is measured (5), BENCH_DAYS
the length of the history (540).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.report import at_most, for_information, print_figures, print_table
from bench.servers import servers

PROJECT_ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("BENCH_DATA", PROJECT_ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
DAYS = int(os.environ.get("BENCH_DAYS", "540"))
AS_OF = date(2017, 5, 1)
MODEL = "booking_cancellation"
LIMIT = 1.5
_LARGEST_DIFFERENCE = 1e-9


@contextmanager
def installation_with_history() -> Iterator[dict[str, Any]]:
    """Start the servers, bring the history in as the DAGs do, freeze it; give what the ways need."""
    from include.demo.seed import seed_source
    from include.specs import load_specs
    from tests.support.servers import installation

    with servers("bench-train") as started:
        source, warehouse = (started.postgres.ensure_database(name) for name in ("source", "warehouse"))
        print(f"source: {seed_source(source, DATA)}", file=sys.stderr)
        state = started.folder / "state"
        settings = installation(state, warehouse, started.mlflow_url, {"hotel_pms": source})
        yield _prepare(settings, load_specs(PROJECT_ROOT / "include"), warehouse, started.folder)


def _prepare(settings: Any, specs: Any, warehouse_url: str, folder: Path) -> dict[str, Any]:
    from include.specs.recorded import read_specs, record_specs
    from include.steps import freeze_snapshot, load_history

    document = record_specs(specs, MODEL)
    document["model"]["training"] |= {"window": DAYS, "search": None}
    specs = read_specs(document, "bench")
    for dataset in specs.model(MODEL).datasets:
        first, last = AS_OF - timedelta(days=DAYS), AS_OF - timedelta(days=1)
        load_history.run(settings, specs, dataset, first, last)
        print(f"{dataset}: {DAYS} days are in the lake", file=sys.stderr)
    snapshot = freeze_snapshot.run(settings, specs, MODEL, AS_OF)
    names = (
        "lake_root",
        "reports_root",
        "work_root",
        "snapshot_registry",
        "mlflow_tracking_uri",
        "specs_root",
    )
    return {
        "settings": {f"PERENNIAL_{name.upper()}": str(getattr(settings, name)) for name in names},
        "warehouse": warehouse_url,
        "mlflow": settings.mlflow_tracking_uri,
        "specs": document,
        "snapshot": snapshot.to_json(),
        **_rows_of_bare(settings, specs, snapshot, folder),
    }


def _rows_of_bare(settings: Any, specs: Any, snapshot: Any, folder: Path) -> dict[str, Any]:
    """Write the train and the validation part as ready files, and name what is fitted on them."""
    from include.adapters.model_files import TRUSTED_TYPES
    from include.core.encoding import MAX_CATEGORIES, frequent_categories
    from include.core.prepare import prepare
    from include.core.split import split_by_maturity
    from include.steps.snapshot_training_set import load_training_set

    spec = specs.model(MODEL)
    training = spec.training
    _, data = load_training_set(settings, specs, spec, snapshot, spec.features.all)
    parts = split_by_maturity(data.matured, AS_OF, spec.label.grace, training.validation, training.holdout)
    files = {}
    for name, rows in (("train", parts.train), ("validation", parts.validation)):
        files[name] = str(folder / f"{name}.parquet")
        prepare(data.rows[rows], spec.features).assign(label=data.labels[rows]).to_parquet(files[name])
        print(f"{name}: {int(rows.sum())} rows", file=sys.stderr)
    fitted_on = prepare(data.rows[parts.train], spec.features)
    return {
        **files,
        "categories": frequent_categories(fitted_on, spec.features, MAX_CATEGORIES),
        "unknown": MAX_CATEGORIES,
        "numeric": spec.features.numeric,
        "categorical": spec.features.categorical,
        "params": training.params,
        "trusted": TRUSTED_TYPES,
    }


def train(way: str, request: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train once in a process of its own; another seed makes it another training."""
    specs = request["specs"]
    model = {**specs["model"], "training": {**specs["model"]["training"], "seed": seed}}
    done = subprocess.run(
        [sys.executable, "-m", "bench.train_ways", way],
        input=json.dumps({**request, "seed": seed, "specs": {**specs, "model": model}}),
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"training ({way}) failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def add_recorded(request: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Add the durations that our step recorded with its run, and the scores of its sample."""
    import mlflow

    mlflow.set_tracking_uri(request["mlflow"])
    run = mlflow.get_run(found["run_id"])
    sample = mlflow.artifacts.load_dict(f"runs:/{found['run_id']}/scored_sample.json")
    parts = {
        name.removesuffix("_seconds"): value
        for name, value in run.data.metrics.items()
        if name.endswith("_seconds")
    }
    return {**found, **parts, "scores": sample["scores"]}


def measure(request: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Measure the ways in turn, so that a busy moment of the machine does not meet one alone."""
    seen = defaultdict(list)
    for repeat in range(REPEATS + 1):
        for way in ("bare", "lean", "ours"):
            found = train(way, request, seed=repeat)
            if way == "ours":
                found = add_recorded(request, found)
            if repeat:  # the first round fills caches of files
                seen[way].append(found)
            print(f"{way}: {found['seconds']:.1f} s", file=sys.stderr)
        _require_equal_scores(seen)
    return seen


def _require_equal_scores(seen: dict[str, list[dict[str, Any]]]) -> None:
    for one, other in zip(seen["ours"], seen["bare"], strict=True):
        pairs = zip(one["scores"], other["scores"], strict=False)
        difference = max(abs(mine - theirs) for mine, theirs in pairs)
        if difference > _LARGEST_DIFFERENCE:
            raise SystemExit(f"the two ways score differently, by up to {difference:g}")


def _median(found: list[dict[str, Any]], name: str) -> float:
    return statistics.median(one[name] for one in found)


def print_where_time_goes(seen: dict[str, list[dict[str, Any]]]) -> None:
    """Print the parts of each way, medians."""
    left_out = {"seconds", "peak_mb", "scores", "run_id"}
    for way, title in (("bare", "By hand"), ("ours", "Ours")):
        names = [name for name in seen[way][0] if name not in left_out]
        rows = [(name, _median(seen[way], name)) for name in names]
        rows.append(("the rest", _median(seen[way], "seconds") - sum(seconds for _, seconds in rows)))
        print_table(f"{title}: where the time goes", ("part", "seconds"), rows)


def main() -> int:
    """Prepare, measure, print tables and figures."""
    if not DATA.exists():
        print(f"{DATA} is not here: name the zip of the hotel bookings in BENCH_DATA")
        return 1
    with installation_with_history() as request:
        seen = measure(request)
    print_where_time_goes(seen)
    seconds = {way: _median(found, "seconds") for way, found in seen.items()}
    names = {
        "bare": "fit and log_model",
        "lean": "the same, packages named by hand",
        "ours": "our whole step",
    }
    rows = [
        (names[way], seconds[way], seconds[way] / seconds["bare"], _median(seen[way], "peak_mb"))
        for way in names
    ]
    print_table("One training", ("way", "seconds", "ratio", "peak MB"), rows)
    return print_figures(
        [
            at_most("train_ratio_to_fit_and_log_model", seconds["ours"] / seconds["bare"], LIMIT),
            for_information("train_ratio_to_lean_log_model", seconds["ours"] / seconds["lean"]),
            for_information("train_seconds", seconds["ours"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
