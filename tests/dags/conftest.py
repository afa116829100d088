"""Parses the DAGs as Airflow's own processor would: in a fresh process, once for all tests here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]

_DESCRIBE = """
import json, sys, warnings
import airflow.sdk
before = set(sys.modules)
warnings.simplefilter("error", DeprecationWarning)
warnings.simplefilter("error", PendingDeprecationWarning)
import runpy
from pathlib import Path
from airflow.sdk.definitions._internal.contextmanager import DagContext
errors = {}
for file in sorted(Path(sys.argv[1]).glob("*.py")):
    DagContext.current_autoregister_module_name = "__main__"
    try:
        runpy.run_path(str(file))
    except Exception as error:
        errors[file.name] = f"{type(error).__name__}: {error}"
        continue
dags = {dag.dag_id: dag for dag, _ in DagContext.autoregistered_dags}
loaded = sorted({name.split(".")[0] for name in set(sys.modules) - before})
described = {
    dag_id: {
        "doc": dag.doc_md, "tags": sorted(dag.tags), "owner": dag.owner, "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs, "timetable": type(dag.timetable).__name__,
        "params": {
            name: {**dag.params.get_param(name).schema, "description": dag.params.get_param(name).description}
            for name in dag.params
        },
        "tasks": {
            task.task_id: {
                "retries": task.retries, "policy": task.retry_policy is not None,
                "upstream": sorted(task.upstream_task_ids), "mode": getattr(task, "mode", None),
                "rule": getattr(task.trigger_rule, "value", task.trigger_rule),
                "at_once": task.max_active_tis_per_dagrun,
            }
            for task in dag.tasks
        },
    }
    for dag_id, dag in dags.items()
}
print(json.dumps({"dags": described, "errors": errors, "loaded": loaded}, default=str))
"""


def parse_dags(specs_root: Path, home: Path) -> dict[str, Any]:
    """Run every DAG file in a fresh process and describe what came of it."""
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": f"{PROJECT_ROOT}:{PROJECT_ROOT / 'plugins'}",
        "PERENNIAL_SPECS_ROOT": str(specs_root),
    }
    command = [sys.executable, "-c", _DESCRIBE, str(PROJECT_ROOT / "dags")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The project's own DAGs, described."""
    return parse_dags(PROJECT_ROOT / "include", tmp_path_factory.mktemp("airflow"))
