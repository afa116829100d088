"""Keep the lock files in step with what they are made from.

``lock.py write`` resolves `requirements.in` and `requirements-dev.in` with uv for Python 3.11 to 3.13.
``lock.py check`` needs no network: it fails when a lock was not made from its present input.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

LOCKS = {
    "requirements.txt": ("requirements.in", []),
    "requirements-dev.txt": ("requirements-dev.in", ["--constraint", "requirements.txt"]),
}
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
    *("--no-header", "--no-annotate", "--no-emit-index-url"),
]


def _inputs_hash(source: str) -> str:
    text = Path(source).read_text("utf-8")
    if "-r requirements.in" in text:
        text += Path("requirements.in").read_text("utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def _header(source: str) -> str:
    return (
        f"# Made by `make lock` from {source}, for Python 3.11 to 3.13. Do not edit.\n"
        f"# inputs: {_inputs_hash(source)}\n"
    )


def write() -> int:
    """Resolve every lock afresh."""
    for lock, (source, options) in LOCKS.items():
        Path(lock).unlink(missing_ok=True)  # what is there would hold back new releases
        command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *options, source, "-o", lock]
        subprocess.run(command, check=True)
        path = Path(lock)
        path.write_text(_header(source) + path.read_text("utf-8"), "utf-8")
    return 0


def _problems(lock: str, source: str) -> list[str]:
    text = Path(lock).read_text("utf-8")
    problems = []
    if not text.startswith(_header(source)):
        problems.append(f"{lock} was not made from the present {source}; run `make lock`")
    if "://" in text or "--index" in text:
        problems.append(f"{lock} names an address; it must resolve from whatever index pip is given")
    return problems


def check() -> int:
    """Return 0 when every lock is in step with its input."""
    problems = [p for lock, (source, _) in LOCKS.items() for p in _problems(lock, source)]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    commands = {"write": write, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit("usage: lock.py write | check")
    sys.exit(commands[sys.argv[1]]())
