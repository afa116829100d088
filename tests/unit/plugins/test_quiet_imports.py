"""skops is imported without a word from Airflow's deprecation shims."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_IMPORT = """
import sys, warnings
import airflow.sdk, airflow.utils.timezone
before = {name for name in sys.modules if name.startswith("airflow")}
from perennial_airflow.quiet_imports import import_skops
warnings.simplefilter("error")
import_skops()
assert "skops.io" in sys.modules
assert before <= set(sys.modules)
"""


def test_the_import_is_quiet_and_leaves_airflow_in_place() -> None:
    root = Path(__file__).resolve().parents[3]
    environ = {**os.environ, "PYTHONPATH": f"{root}:{root / 'plugins'}"}
    command = [sys.executable, "-c", _IMPORT]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stdout + done.stderr
