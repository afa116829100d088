"""What an operator asks of its installation: settings, specs, and the addresses of what people look at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from include.errors import SettingsError
from include.settings import PREFIX, Settings
from include.specs import Specs, load_specs

if TYPE_CHECKING:
    from airflow.sdk import Connection

PROJECT_ROOT = Path(__file__).resolve().parents[2]
WAREHOUSE = "perennial_warehouse"

# What a connection's type means to SQLAlchemy; other types are passed on as they are.
_DIALECTS = {
    "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql",
}  # fmt: skip
# Connections to something that is no database; adapters take their URIs apart.
_NO_DATABASES = frozenset(
    {"adls", "aws", "azure_data_lake", "ftp", "generic", "google_cloud_platform", "http", "https", "s3"}
    | {"samba", "sftp", "ssh", "wasb", "webhdfs"}
)


def specs_root() -> Path:
    """Return the folder that holds `datasets/` and `models/`."""
    return Path(os.environ.get(PREFIX + "SPECS_ROOT", PROJECT_ROOT / "include"))


def reports_root() -> Path:
    """Return the folder of result pages."""
    return settings(()).reports_root


def specs() -> Specs:
    """Read all specs afresh."""
    return load_specs(specs_root())


def settings(connections: Iterable[str], optional: Iterable[str] = ()) -> Settings:
    """Build the settings with the addresses of the named Airflow connections, and no others.

    Connections in `optional` are left out where they are not defined.

    Raises
    ------
    SettingsError
        When a setting or connection is missing.
    """
    addresses = {name: _address(name) for name in connections}
    addresses |= {name: address for name in optional if (address := _defined_address(name)) is not None}
    return Settings.from_mapping(
        {PREFIX + "SPECS_ROOT": str(specs_root()), **os.environ},
        warehouse_url=addresses.pop(WAREHOUSE, None),
        connections=addresses,
    )


def _address(name: str) -> str:
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        address = _defined_address(name)
    except AirflowRuntimeError:
        address = None
    if address is None:
        raise SettingsError(
            f"connection {name!r} is not defined",
            where="Airflow connections",
            next_step=f"define it under Admin > Connections or as AIRFLOW_CONN_{name.upper()}",
        )
    return address


def _defined_address(name: str) -> str | None:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return connection.get_uri() if is_no_database(connection) else sqlalchemy_address(connection)


def is_no_database(connection: Connection) -> bool:
    """Say whether a connection leads to storage or an API, which have no SQLAlchemy address."""
    return (connection.conn_type or "").lower().replace("-", "_") in _NO_DATABASES


def sqlalchemy_address(connection: Connection) -> str:
    """Return an Airflow connection as a SQLAlchemy address, password included.

    Its extras, such as `sslmode`, become the address's options: the driver refuses those it does not know.
    """
    kind = connection.conn_type or ""
    dialect = _DIALECTS.get(kind, kind)
    login = quote(connection.login or "", safe="")
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    port = f":{connection.port}" if connection.port else ""
    host = f"{login}{password}@{connection.host}{port}" if connection.host else ""
    options = urlencode({name: str(value) for name, value in connection.extra_dejson.items()})
    return f"{dialect}://{host}/{connection.schema or ''}{'?' if options else ''}{options}"


def report_url(report: str) -> str:
    """Return the address of a result page inside the Airflow web UI."""
    from airflow.sdk.configuration import conf

    prefix = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{prefix}/perennial/reports/{quote(report)}"


def mlflow_url(run_id: str) -> str:
    """Return the address of a run in the MLflow web UI."""
    public = os.environ.get(PREFIX + "MLFLOW_PUBLIC_URL") or settings(()).mlflow_tracking_uri
    # MLflow finds the run by its id alone and puts the right experiment into the address itself.
    return f"{public.rstrip('/')}/#/experiments/0/runs/{quote(run_id)}"
