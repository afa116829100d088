"""The snapshot storage's credentials: from an Airflow connection into DVC's configuration, in memory only."""

from __future__ import annotations

from pydantic import SecretStr

from include.adapters.connection_uri import parse_connection
from include.errors import SettingsError
from include.settings import SNAPSHOTS

_KIND = "aws"
# Airflow's name of an extra field, and DVC's name of the same.
_EXTRAS = {
    "aws_session_token": "session_token",
    "endpoint_url": "endpointurl",
    "region_name": "region",
}


def remote_options(connection: SecretStr | None) -> dict[str, str]:
    """Return what DVC's remote is to be told beyond its address.

    Parameters
    ----------
    connection
        URI of an Airflow connection of type `aws`: login and password are key and secret. None where the
        storage needs no credentials, or the worker has them in its own environment.

    Raises
    ------
    SettingsError
        When the connection is of another type or says something that is not understood here.
    """
    if connection is None:
        return {}
    parts = parse_connection(SNAPSHOTS, connection.get_secret_value())
    if parts.kind != _KIND:
        raise SettingsError(
            f"connection {SNAPSHOTS!r} has the type {parts.kind!r}",
            where="Airflow connections",
            next_step="give it the type `aws`; other storages take their credentials from the worker",
        )
    parts.require_extras(*_EXTRAS)
    login = {"access_key_id": parts.login, "secret_access_key": parts.password}
    extras = {_EXTRAS[name]: str(value) for name, value in parts.extras.items()}
    return {name: value for name, value in {**login, **extras}.items() if value}
