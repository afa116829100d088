"""`python -m include.propose_contract <dataset> <first day> <last day>`: a contract to start from.

Reads the lake that PERENNIAL_LAKE_ROOT names, or that of the local stack, and prints YAML.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import date
from pathlib import Path

from include.errors import PerennialError
from include.local.state_folders import last_state
from include.specs import load_specs
from include.steps import propose_contract

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Parse the command line, print the proposal, return the exit code."""
    parser = argparse.ArgumentParser(prog="make propose-contract", description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("first", type=date.fromisoformat)
    parser.add_argument("last", type=date.fromisoformat)
    parser.add_argument("--state", type=Path, default=PROJECT_ROOT / ".perennial")
    parser.add_argument("--specs", type=Path, default=PROJECT_ROOT / "include")
    arguments = parser.parse_args()
    lake = Path(os.environ.get("PERENNIAL_LAKE_ROOT") or last_state(arguments.state) / "lake")
    try:
        spec = load_specs(arguments.specs).dataset(arguments.dataset)
        with tempfile.TemporaryDirectory(prefix="perennial-") as work:
            text = propose_contract.run(lake, Path(work), spec, arguments.first, arguments.last)
    except PerennialError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
