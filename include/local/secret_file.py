"""Generated passwords and keys, in one file that only its owner may read."""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path


class SecretFile:
    """Secrets by name, generated at first use.

    Parameters
    ----------
    path
        JSON file; created with mode 0600.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def password(self, name: str) -> str:
        """Return the password of that name (192 random bits, URL-safe)."""
        return self._get(name, lambda: secrets.token_urlsafe(24))

    def fernet_key(self, name: str) -> str:
        """Return the Fernet key of that name (256 random bits, URL-safe base64)."""
        return self._get(name, lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode())

    def knows(self, name: str) -> bool:
        """Whether the secret was generated before."""
        return name in self._read()

    def _get(self, name: str, generate: Callable[[], str]) -> str:
        known = self._read()
        if name not in known:
            known[name] = generate()
            write_private(self.path, json.dumps(known, indent=2, sort_keys=True))
        return known[name]

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        known: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        return known


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; readers see the old or the new text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
