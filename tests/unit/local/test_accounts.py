from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from include.errors import SettingsError
from include.local.accounts import Account, unprivileged_account

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses between accounts")
SHELL = Path("/bin/sh")


def user_of(account: Account, folder: Path) -> str:
    done = subprocess.run(
        account.command(["/bin/sh", "-c", "id -un"]),
        cwd=folder, check=True, capture_output=True, text=True, **account.options,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.skipif(os.geteuid() == 0, reason="root never keeps its account")
def test_ordinary_user_works_as_themselves(tmp_path: Path) -> None:
    assert unprivileged_account(SHELL, tmp_path) == Account()


@needs_root
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["open folder", "closed folder"])
def test_root_works_as_nobody(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=mode)
    program = next(path for path in (Path("/usr/bin/env"), Path("/bin/cat")) if path.exists())
    account = unprivileged_account(program, folder)
    assert user_of(account, folder) == "nobody"


@needs_root
def test_a_program_that_cannot_run_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must not run as root"):
        unprivileged_account(tmp_path / "missing", tmp_path)
