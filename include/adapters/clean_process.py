"""Running one of our modules in a fresh interpreter that knows only what it is told.

Nothing that this process imported, opened or set is there, and of its environment only what a program
needs to run and to reach the model registry: no address of a source or of the warehouse.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import include

_ROOT = Path(include.__file__).parents[1]
_NEEDED = {
    "HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "TMPDIR", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "GOOGLE_APPLICATION_CREDENTIALS",
}  # fmt: skip
_NEEDED_BEGIN = ("AWS_", "AZURE_STORAGE_", "LC_", "MLFLOW_", "OMP_", "OPENBLAS_", "PYTHON")
"""Credentials of the model registry and of storages are among them: its files may lie in a bucket."""

_LAST_CHARACTERS = 2000


@dataclass(frozen=True)
class Ended:
    """How a clean process ended.

    Attributes
    ----------
    answer
        What it wrote; None where it did not come to that.
    problem
        Why it did not, with the end of what it said; empty where it answered.
    """

    answer: dict[str, Any] | None
    problem: str = ""


def run_module(module: str, request: Mapping[str, Any], folder: Path, seconds: float) -> Ended:
    """Run `python -m <module> <file>`; it reads a JSON request from its input and writes one into the file.

    Parameters
    ----------
    module
        One of ours.
    request
        JSON types only.
    folder
        A folder of the caller's own, for the answer.
    seconds
        How long it may take; then it is killed.
    """
    answer = folder / "answer.json"
    try:
        ended = subprocess.run(
            [sys.executable, "-m", module, str(answer)],
            input=json.dumps(request),
            env=clean_environment(os.environ),
            cwd=_ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return Ended(None, f"it did not end within {seconds:.0f} s; {_end_of(expired.stderr)}")
    if ended.returncode != 0 or not answer.exists():
        return Ended(None, f"it ended with {_status(ended.returncode)}; {_end_of(ended.stderr)}")
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return Ended(found)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a clean process needs of an environment."""
    kept = {
        name: value
        for name, value in environ.items()
        if name.upper() in _NEEDED or name.startswith(_NEEDED_BEGIN)
    }
    path = os.pathsep.join(filter(None, [str(_ROOT), environ.get("PYTHONPATH")]))
    return kept | {"PYTHONPATH": path}


def _status(code: int) -> str:
    return f"status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _end_of(output: str | bytes | None) -> str:
    """Return the last of what a process said: a traceback ends with its error."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    text = text.strip()
    if not text:
        return "it said nothing"
    return f"its last words: {text if len(text) <= _LAST_CHARACTERS else '…' + text[-_LAST_CHARACTERS:]}"
