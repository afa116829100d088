"""The project's own code as it was at a commit, and running one of its modules there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.adapters.files import named_when_full
from include.errors import FatalError, SettingsError

DIRTY = "-dirty"
"""Ends the name of a commit where files differed from it."""

_LAST_CHARACTERS = 3000
_NOT_HANDED_ON = ("AIRFLOW_", "PERENNIAL_", "PYTHONPATH", "PYTHONHASHSEED")


def unpack_commit(repository: Path, commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder.

    Parameters
    ----------
    repository
        A checkout of the project.
    commit
        Its full hash.
    folder
        Where the files go; it must not exist.

    Raises
    ------
    SettingsError
        When there is no repository, or it does not know the commit.
    DiskFullError
        When there is no room for it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    archive = folder.with_name(f"{folder.name}.tar")
    # The checkout may belong to another account than the worker's: reading it is harmless.
    git = ["git", "-c", f"safe.directory={repository}", "-C", str(repository)]
    done = subprocess.run(
        [*git, "archive", "--format=tar", f"--output={archive}", f"{commit}^{{commit}}"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SettingsError(
            f"the code of commit {commit} cannot be read: {done.stderr.strip() or 'git said nothing'}",
            where=str(repository),
            next_step="fetch the commit into this checkout, or repeat this where it is known: an image that"
            " was built from it needs no repository",
        )
    with named_when_full(folder.parent), tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    archive.unlink()


def _python_path() -> list[str]:
    return [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]


def run_code(root: Path, module: str, request: Mapping[str, Any], where: str) -> str:
    """Run a module of a code tree in a fresh interpreter with today's packages; return what it logged.

    The process gets the request as JSON on its input, where no other process reads the secrets in it, and
    of this environment neither Airflow's nor the installation's variables.

    Parameters
    ----------
    root
        The tree.
    module
        What `python -m` runs.
    request
        JSON types only.
    where
        What it works on, for the message.

    Raises
    ------
    FatalError
        When it ends with an error; says its last words.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(request),
        # Estimators of the user's own may lie elsewhere; this project is found in its own tree first.
        env=kept | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "plugins"), *_python_path()])},
        cwd=root,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip()[-_LAST_CHARACTERS:] or "it said nothing"
        raise FatalError(
            f"the code that builds it again ended with status {done.returncode}; its last words: {said}",
            where=where,
            next_step="read them; code from before versions could be built again has no such module, and"
            " where packages changed since, try it in an environment made from the version's own lock",
        )
    return done.stderr
