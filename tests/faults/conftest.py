"""The real servers of the integration tests."""

from tests.integration.conftest import (
    database_names,
    mlflow_uri,
    new_database,
    postgres,
    server_processes,
    settings,
)

__all__ = ["database_names", "mlflow_uri", "new_database", "postgres", "server_processes", "settings"]
