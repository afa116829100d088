"""A step loads what it works with and nothing else: every task pays for its imports again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[3]

# The watched libraries that are loaded after importing the steps named on the command line.
_WATCH = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
for step in sys.argv[1:]:
    importlib.import_module(f"include.steps.{step}")
watched = ["alembic", "duckdb", "dvc", "great_expectations", "matplotlib", "mlflow", "pandas", "pyarrow",
           "sklearn", "skops"]
print(json.dumps([library for library in watched if library in sys.modules]))
"""


def libraries_of(*steps: str) -> set[str]:
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-c", _WATCH, *steps]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(["pin_champion", "request_retraining"], set(), id="warehouse"),
        pytest.param(["ingest_partition", "validate_partition", "load_history"], {"pyarrow"}, id="lake"),
        pytest.param(["freeze_snapshot"], {"dvc", "pyarrow"}, id="snapshot"),
        pytest.param(["measure_drift"], {"mlflow", "pandas", "pyarrow"}, id="registry"),
    ],
)
def test_steps_load_only_what_they_work_with(steps: list[str], expected: set[str]) -> None:
    assert libraries_of(*steps) == expected
