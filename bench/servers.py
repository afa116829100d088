"""A PostgreSQL and an MLflow server of a benchmark's own, gone with their folder when it ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.local.mlflow_server import MlflowServer
from include.local.ports import free_port
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile


@dataclass(frozen=True)
class Servers:
    """What runs, and the folder that belongs to it."""

    folder: Path
    postgres: LocalPostgres
    mlflow_url: str


@contextmanager
def servers(name: str) -> Iterator[Servers]:
    """Start both below a temporary folder whose name begins with `name`."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # the database server has an account of its own where we are root
        processes = Processes(folder)
        try:
            postgres = LocalPostgres(processes, SecretFile(folder / "secrets.json"))
            postgres.start()
            mlflow = MlflowServer(
                processes,
                database_url=postgres.ensure_database("mlflow"),
                artifacts=folder / "artifacts",
                port=free_port(),
            )
            mlflow.launch()
            mlflow.wait()
            yield Servers(folder, postgres, mlflow.url)
        finally:
            processes.stop(name for name in processes.names() if name != "postgres")
            processes.stop(["postgres"])
