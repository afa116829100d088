"""What the gate `servability` runs in a clean process: `python -m include.steps.clean_scoring_main <file>`.

Reads a request from its input and writes the answer into the file. Errors with a name are part of the
answer; all others end the process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter


def main() -> None:
    """Count the imports too: they are most of what loading a version takes."""
    started = perf_counter()
    from include.steps.clean_scoring import answer

    content = answer(json.load(sys.stdin), started)
    Path(sys.argv[1]).write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main()
