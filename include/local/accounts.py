"""Which account a server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.errors import SettingsError

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """How to start a program under an account.

    Attributes
    ----------
    uid, gid
        The account to switch to; None keeps the own one.
    prefix
        Words put before the command.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command to run for `argv`."""
        return [*self.prefix, *argv]

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess`."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a file or folder over to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def unprivileged_account(program: Path, folder: Path) -> Account:
    """Return an account that is not root and can run `program` in `folder`.

    An ordinary user works as themselves. Root hands over to `nobody`; where `nobody` cannot reach
    the program or the folder (a checkout below /root, say), the program runs in a user namespace in
    which root's files belong to an ordinary user, and nothing has to be made readable for others.

    Raises
    ------
    SettingsError
        When neither way works.
    """
    if os.geteuid() != 0:
        return Account()
    for account in _candidates():
        if _can_run(account, program, folder):
            return account
    raise SettingsError(
        f"{program.name} must not run as root, and no other account can reach it",
        where=str(folder),
        next_step=f"work as an ordinary user, or make {program} and {folder} reachable for {UNPRIVILEGED}",
    )


def _candidates() -> list[Account]:
    nobody = pwd.getpwnam(UNPRIVILEGED)
    accounts = [Account(uid=nobody.pw_uid, gid=nobody.pw_gid)]
    if unshare := shutil.which("unshare"):
        # initdb wants an account with a name, so the namespace maps root to `nobody`, not to any number.
        accounts.append(Account(prefix=(unshare, "--user", f"--map-user={nobody.pw_uid}")))
    return accounts


def _can_run(account: Account, program: Path, folder: Path) -> bool:
    # The account itself must walk to the folder: `subprocess` changes into `cwd` before it hands over.
    script = 'cd "$1" && exec "$2" --version'
    try:
        subprocess.run(
            account.command(["/bin/sh", "-c", script, "sh", str(folder), str(program)]),
            cwd="/",
            check=True,
            capture_output=True,
            **account.options,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
