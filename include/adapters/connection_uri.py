"""The parts of an Airflow connection that is no database, out of the one string it travels as."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from include.errors import SettingsError

_KIND = re.compile(r"([a-z][a-z0-9_.+-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_NESTED_EXTRAS = "__extra__"
"""Where Airflow puts extras that are more than text."""


@dataclass(frozen=True)
class ConnectionParts:
    """What a connection says; secrets do not show in its repr.

    Attributes
    ----------
    name
        The connection's name.
    kind
        Its type, such as `aws` or `http`.
    protocol
        What stands before `://` in the host field, such as `https`; empty where nothing does.
    """

    name: str
    kind: str
    protocol: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    schema: str = ""
    extras: dict[str, Any] = field(default_factory=dict, repr=False)

    def require_extras(self, *known: str) -> None:
        """Refuse extras that nothing here would look at.

        Raises
        ------
        SettingsError
            Names the first one.
        """
        if unknown := sorted(set(self.extras) - set(known)):
            raise SettingsError(
                f"connection {self.name!r} has the extra {unknown[0]!r}, which is not read here",
                where="Airflow connections",
                next_step=f"remove it; extras that are read: {', '.join(known)}",
            )


def parse_connection(name: str, uri: str) -> ConnectionParts:
    """Take an Airflow connection's URI apart.

    Raises
    ------
    SettingsError
        Where it is none; the message does not show it, since it may hold a password.
    """
    try:
        return _parse(name, uri)
    except ValueError:
        raise SettingsError(
            f"the address of connection {name!r} is not one of an Airflow connection",
            where="Airflow connections",
            next_step="write it as type://login:password@host:port/?extra=value, or define it as JSON",
        ) from None


def _parse(name: str, uri: str) -> ConnectionParts:
    found = _KIND.fullmatch(uri)
    if found is None:
        raise ValueError
    kind, rest = found[1].lower().replace("-", "_"), found[2]
    inner = _KIND.fullmatch(rest)
    protocol, rest = (inner[1].lower(), inner[2]) if inner else ("", rest)
    parts = urlsplit("//" + rest)
    host = unquote(_host(parts.netloc))
    if "://" in host:  # Airflow quotes a host whose protocol equals the connection's type
        protocol, host = host.split("://", 1)
    return ConnectionParts(
        name=name,
        kind=kind,
        protocol=protocol,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=host,
        port=parts.port,
        schema=unquote(parts.path.removeprefix("/")),
        extras=_extras(parts.query),
    )


def _host(netloc: str) -> str:
    """Return the host as it is written: `urlsplit` would put it into lower case."""
    host = netloc.rpartition("@")[2]
    return host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]


def _extras(query: str) -> dict[str, Any]:
    given: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if _NESTED_EXTRAS in given:
        given = json.loads(given[_NESTED_EXTRAS])
        if not isinstance(given, dict):
            raise ValueError
    return given
