"""Which code and which libraries a model version is made by."""

from __future__ import annotations

import hashlib
import os
import subprocess
from functools import cache

from include.errors import SettingsError
from include.settings import PREFIX
from perennial_airflow.runtime import PROJECT_ROOT


@cache
def lock_sha256() -> str:
    """Return the hash of the lock file this installation was made from."""
    return hashlib.sha256((PROJECT_ROOT / "requirements.txt").read_bytes()).hexdigest()


@cache
def code_commit() -> str:
    """Return the commit of the running code, `-dirty` appended where files differ from it.

    An image without a repository names its commit in `PERENNIAL_CODE_COMMIT`.

    Raises
    ------
    SettingsError
        When neither the repository nor the variable is there.
    """
    given = os.environ.get(PREFIX + "CODE_COMMIT")
    if given:
        return given
    try:
        head = _git("rev-parse", "HEAD").strip()
        return head + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no").strip() else "")
    except (OSError, subprocess.CalledProcessError) as error:
        raise SettingsError(
            f"the commit of the running code cannot be read from git ({error})",
            where=str(PROJECT_ROOT),
            next_step=f"set {PREFIX}CODE_COMMIT, so that every model version names the code that made it",
        ) from error


def _git(*arguments: str) -> str:
    # The checkout may belong to another account than the worker's: reading it is harmless.
    command = ["git", "-c", f"safe.directory={PROJECT_ROOT}", "-C", str(PROJECT_ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
