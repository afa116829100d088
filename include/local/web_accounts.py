"""The accounts of the local web UI: `admin`, and whom somebody added."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from include.errors import SettingsError
from include.local.secret_file import SecretFile, write_private

ADMIN = "admin"
ROLES = ("viewer", "user", "op", "admin")
"""Airflow's own, each may do what the ones before may: look, trigger and answer, configure, everything."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")


class WebAccounts:
    """Names and roles, kept in the state folder; passwords are generated and kept with the other secrets.

    Parameters
    ----------
    state
        The state folder.
    secrets
        Where passwords are kept.
    """

    def __init__(self, state: Path, secrets: SecretFile) -> None:
        self._file = state / "accounts.json"
        self._secrets = secrets

    def roles(self) -> Mapping[str, str]:
        """Return the role of each account."""
        added = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        return {ADMIN: "admin", **added}

    def add(self, name: str, role: str) -> str:
        """Add an account, or change its role, and return its password; in use from the next start on.

        Raises
        ------
        SettingsError
            When it cannot be an account, or would take the administrator's rights.
        """
        if name == ADMIN or not _NAME.fullmatch(name) or role not in ROLES:
            raise SettingsError(
                f"{name!r} with role {role!r} cannot be an account",
                where="make account",
                next_step="give a NAME of letters, digits, dots, dashes and underscores that is not"
                f" {ADMIN}, and a ROLE of {', '.join(ROLES)}",
            )
        added = {other: kept for other, kept in self.roles().items() if other != ADMIN}
        write_private(self._file, json.dumps({**added, name: role}, indent=2, sort_keys=True))
        return self.passwords()[name]

    def passwords(self) -> dict[str, str]:
        """Return the password of each account."""
        return {name: self._secrets.password(f"airflow.{name}") for name in self.roles()}

    def setting(self) -> str:
        """Return the accounts as Airflow's simple auth manager takes them."""
        return ",".join(f"{name}:{role}" for name, role in self.roles().items())
