"""What an installation decides: where things lie and how to reach them.

Built from a mapping given to it (`Settings.from_mapping(os.environ)`), never from the environment by
itself. Database addresses carry passwords and are `SecretStr`: they never show in a log or a repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError

from include.errors import SettingsError

PREFIX = "PERENNIAL_"
SNAPSHOTS = "perennial_snapshots"
"""Name of the connection with the snapshot storage's credentials; it may be absent."""


def _names(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


class Settings(BaseModel):
    """Where one installation keeps its state.

    Attributes
    ----------
    lake_root
        Folder of partitions and quarantine.
    reports_root
        Folder of result pages, served by the Airflow web UI.
    snapshot_registry
        Git address of the data registry (a DVC repository with a default remote).
    mlflow_tracking_uri
        HTTP address of the MLflow server.
    work_root
        Folder for temporary files of running tasks.
    specs_root
        Folder that holds `datasets/` and `models/`.
    trusted_types
        Types that fitted models of the user's own estimators are made of, by their full names; in the
        environment with commas between them. A stored model of other types is not loaded.
    warehouse_url
        SQLAlchemy address of the warehouse (PostgreSQL, psycopg).
    connections
        Addresses of the sources by connection name: SQLAlchemy's of databases, otherwise the URI of an
        Airflow connection.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake_root: Path
    reports_root: Path
    snapshot_registry: str
    mlflow_tracking_uri: str
    work_root: Path
    specs_root: Path
    trusted_types: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    warehouse_url: SecretStr | None = None
    connections: dict[str, SecretStr] = {}

    @classmethod
    def from_mapping(
        cls,
        environ: Mapping[str, str],
        *,
        warehouse_url: str | None = None,
        connections: Mapping[str, str] | None = None,
    ) -> Settings:
        """Read `PERENNIAL_*` keys of `environ`; addresses with passwords are passed beside them.

        Raises
        ------
        SettingsError
            Names every missing or malformed setting at once.
        """
        fields = set(cls.model_fields) - {"warehouse_url", "connections"}
        values = {f: environ[PREFIX + f.upper()] for f in fields if PREFIX + f.upper() in environ}
        try:
            return cls.model_validate(
                {**values, "warehouse_url": warehouse_url, "connections": dict(connections or {})}
            )
        except ValidationError as error:
            names = [PREFIX + str(problem["loc"][0]).upper() for problem in error.errors()]
            raise SettingsError(
                f"missing or malformed: {', '.join(names)}",
                where="settings",
                next_step="set these environment variables; docker-compose.yaml shows each",
            ) from None

    def source_url(self, connection: str) -> str:
        """Return the address of a source, with its password; see `connections`.

        Raises
        ------
        SettingsError
            When the connection was not given to this run.
        """
        if connection not in self.connections:
            raise SettingsError(
                f"connection {connection!r} is not defined",
                where="Airflow connections",
                next_step=f"define it, for example as environment variable AIRFLOW_CONN_{connection.upper()}",
            )
        return self.connections[connection].get_secret_value()

    def snapshot_storage(self) -> SecretStr | None:
        """Return the snapshot storage's credentials as the URI of an Airflow connection, None without."""
        return self.connections.get(SNAPSHOTS)

    def warehouse(self) -> str:
        """Return the SQLAlchemy address of the warehouse, with its password.

        Raises
        ------
        SettingsError
            When the warehouse's address was not given to this run.
        """
        if self.warehouse_url is None:
            raise SettingsError(
                "the warehouse's address is not defined",
                where="Airflow connections",
                next_step="define AIRFLOW_CONN_PERENNIAL_WAREHOUSE",
            )
        return self.warehouse_url.get_secret_value()
