"""Write `.env` with random secrets: `python deploy/make_env.py`, once for each installation.

Needs nothing but Python, because it runs before there is an environment.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SECRET_ENDINGS = ("PASSWORD", "SECRET")
_FERNET_ENDING = "FERNET_KEY"


def fill(template: str) -> str:
    """Return the template with a fresh secret behind every empty name that stands for one.

    Parameters
    ----------
    template
        The text of `.env.example`; comments and other values are kept.
    """
    return "".join(_filled(line) for line in template.splitlines(keepends=True))


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read.

    Raises
    ------
    FileExistsError
        When it is there already: replacing secrets locks the databases' passwords out.
    """
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def main() -> int:
    """Parse the command line, write the file, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / ".env")
    output = parser.parse_args().output
    try:
        write_new(output, fill((ROOT / ".env.example").read_text(encoding="utf-8")))
    except FileExistsError:
        sys.stderr.write(f"{output} is there already and was left alone; remove it to make new secrets\n")
        return 1
    sys.stdout.write(f"{output} is written; set AIRFLOW_CONN_HOTEL_PMS in it\n")
    return 0


def _filled(line: str) -> str:
    name, assignment, value = line.partition("=")
    if line.startswith("#") or not assignment or value.strip():
        return line
    return f"{name}={_generate(name)}\n"


def _generate(name: str) -> str:
    if name.endswith(_FERNET_ENDING):
        return urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(24) if name.endswith(_SECRET_ENDINGS) else ""


if __name__ == "__main__":
    sys.exit(main())
