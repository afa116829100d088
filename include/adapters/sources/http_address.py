"""What an Airflow connection says about an API: where it is, how to show who asks, what must not be told."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from include.adapters.connection_uri import ConnectionParts
from include.errors import SettingsError

_SHORTEST_SECRET = 6
"""A header's value that is shorter, such as a version, is no secret and stays in messages."""


@dataclass(frozen=True)
class ApiAddress:
    """An API's own address, and the headers that each request carries."""

    base_url: str
    headers: dict[str, str] = field(repr=False)
    secrets: list[str] = field(repr=False)

    def scrub(self, text: str) -> str:
        """Take the secrets out of a text, in the forms in which a server may repeat them."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def address_of(parts: ConnectionParts) -> ApiAddress:
    """Return what a connection says.

    Login and password are sent as they are (basic), a password alone as a bearer token, extras as headers.

    Raises
    ------
    SettingsError
        Where it names no server, or a header that cannot be sent.
    """
    given = {name: str(value) for name, value in parts.extras.items()}
    headers = {**_authorization(parts), **given}
    base_url = _base_url(parts)
    if base_url is None or not all(text.isascii() and text.isprintable() for text in headers.values()):
        raise no_server(parts)
    return ApiAddress(base_url, headers, sorted(set(_secrets(parts, headers)), key=len, reverse=True))


def no_server(parts: ConnectionParts) -> SettingsError:
    """Return the error about a connection that leads to no API."""
    return SettingsError(
        f"connection {parts.name!r} names no server that can be asked",
        where="Airflow connections",
        next_step="set its type to http and its host to https://api.example.com; extras are sent as headers"
        " and must be plain text",
    )


def _authorization(parts: ConnectionParts) -> dict[str, str]:
    if parts.login:
        both = b64encode(f"{parts.login}:{parts.password}".encode()).decode()
        return {"Authorization": f"Basic {both}"}
    return {"Authorization": f"Bearer {parts.password}"} if parts.password else {}


def _secrets(parts: ConnectionParts, headers: dict[str, str]) -> Iterator[str]:
    if parts.password:
        yield from (parts.password, quote(parts.password, safe=""))
    for value in headers.values():
        for text in (value, value.partition(" ")[2]):  # servers repeat a token without its `Bearer`
            if len(text) >= _SHORTEST_SECRET:
                yield text


def _base_url(parts: ConnectionParts) -> str | None:
    """Return the server's address by Airflow's rule: the host's own protocol, or the schema field's."""
    protocol = parts.protocol or (parts.schema if parts.schema in {"http", "https"} else parts.kind)
    if protocol not in {"http", "https"} or not parts.host:
        return None
    path = "" if parts.schema in {"http", "https"} else parts.schema
    host, _, below = parts.host.partition("/")
    port = f":{parts.port}" if parts.port else ""
    return f"{protocol}://{host}{port}/{'/'.join(part.strip('/') for part in (below, path) if part)}"
