"""`make bench-parse`: what parsing the DAGs costs beside a bare `import airflow.sdk`.

Each DAG file is run in fresh processes for 1, 10 and 100 models (and as many datasets); the best of three
counts, because other work on the machine only adds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.report import Figure, at_most, print_figures, print_table

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 10, 100)
REPEATS = 3
HEAVY = {"pandas", "numpy", "scipy", "sklearn", "great_expectations", "mlflow", "dvc", "pyarrow", "duckdb"}

_MEASURE = """
import json, runpy, sys, time
began = time.perf_counter()
import airflow.sdk
imported = time.perf_counter()
from airflow.sdk.definitions._internal.contextmanager import DagContext
DagContext.current_autoregister_module_name = "__main__"
start = time.perf_counter()
runpy.run_path(sys.argv[1])
seconds = time.perf_counter() - start
loaded = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"import": imported - began, "parse": seconds, "loaded": loaded,
                  "dags": len(DagContext.autoregistered_dags)}))
"""


def write_specs(root: Path, models: int) -> None:
    """Write that many copies of the project's own specs, each under a name of its own."""
    source = PROJECT_ROOT / "include"
    for folder in ("datasets", "models"):
        (root / folder).mkdir(parents=True)
    shutil.copy(source / "datasets/booking_outcomes.yaml", root / "datasets")
    dataset = (source / "datasets/bookings.yaml").read_text("utf-8")
    model = (source / "models/booking_cancellation.yaml").read_text("utf-8")
    for number in range(models):
        name = f"bookings_{number}"
        text = dataset.replace("dataset: bookings", f"dataset: {name}", 1)
        (root / f"datasets/{name}.yaml").write_text(text, "utf-8")
        text = model.replace("model: booking_cancellation", f"model: cancellation_{number}", 1)
        text = text.replace("dataset: bookings", f"dataset: {name}", 1)
        (root / f"models/cancellation_{number}.yaml").write_text(text, "utf-8")


def measure(file: Path, specs: Path, home: Path) -> dict[str, Any]:
    """Parse one file in fresh processes; return the least seconds, as other work only adds."""
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": f"{PROJECT_ROOT}:{PROJECT_ROOT / 'plugins'}",
        "PERENNIAL_SPECS_ROOT": str(specs),
    }
    command = [sys.executable, "-c", _MEASURE, str(file)]
    runs = []
    for _ in range(REPEATS):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    best = {key: min(run[key] for run in runs) for key in ("import", "parse")}
    return {**runs[0], **best, "file": file.name}


def main() -> int:
    """Measure all files at all sizes."""
    rows, at_largest, heavy = [], [], set()
    with tempfile.TemporaryDirectory() as folder:
        for models in SIZES:
            specs = Path(folder) / f"specs-{models}" / "include"
            write_specs(specs, models)
            for file in sorted((PROJECT_ROOT / "dags").glob("*.py")):
                seen = measure(file, specs, Path(folder) / "airflow")
                heavy |= HEAVY & set(seen["loaded"])
                per_dag = 1000 * seen["parse"] / max(seen["dags"], 1)
                rows.append((seen["file"], models, seen["dags"], seen["import"], seen["parse"], per_dag))
                if models == max(SIZES):
                    at_largest.append((seen["parse"], per_dag if seen["dags"] else 0.0))
    head = ("file", "models", "DAGs", "import airflow.sdk (s)", "over it (s)", "per DAG (ms)")
    print_table("DAG parsing", head, rows)
    return print_figures(
        [
            at_most("slowest_file_seconds_over_import_at_100_models", max(s for s, _ in at_largest), 3.0),
            at_most("slowest_file_milliseconds_per_dag_at_100_models", max(ms for _, ms in at_largest), 10.0),
            Figure("heavy_libraries_loaded", sorted(heavy), "none", not heavy),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
