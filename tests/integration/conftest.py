"""Real servers for the integration tests: PostgreSQL and MLflow, started once for the session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from include.local.mlflow_server import MlflowServer
from include.local.ports import free_port
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile
from include.settings import Settings

SPECS_ROOT = Path(__file__).parents[2] / "include"


@pytest.fixture(scope="session")
def server_processes() -> Iterator[Processes]:
    # pytest's own temporary folders are closed to other accounts, and root's server runs as another.
    state = Path(tempfile.mkdtemp(prefix="perennial-test-"))
    state.chmod(0o755)
    processes = Processes(state)
    yield processes
    names = processes.names()
    processes.stop(name for name in names if name != "postgres")
    processes.stop(["postgres"])
    shutil.rmtree(state)


@pytest.fixture(scope="session")
def postgres(server_processes: Processes) -> LocalPostgres:
    server = LocalPostgres(server_processes, SecretFile(server_processes.state / "secrets.json"))
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres_url(postgres: LocalPostgres) -> str:
    """A database all tests of the session share."""
    return postgres.ensure_database("shared")


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    return (f"test_{number}" for number in count(1))


@pytest.fixture
def new_database(postgres: LocalPostgres, database_names: Iterator[str]) -> Iterator[Callable[[], str]]:
    """Creates empty databases that are dropped after the test; each call returns an address."""
    created = []

    def create() -> str:
        name = next(database_names)
        created.append(name)
        return postgres.ensure_database(name)

    yield create
    for name in created:
        postgres.drop_database(name)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """An empty database of the test's own."""
    return new_database()


@pytest.fixture(scope="session")
def mlflow_uri(postgres: LocalPostgres, server_processes: Processes) -> str:
    """A real MLflow server, shared by the session: give models names of the test's own."""
    server = MlflowServer(
        server_processes,
        database_url=postgres.ensure_database("mlflow"),
        artifacts=server_processes.state / "artifacts",
        port=free_port(),
    )
    server.launch()
    server.wait()
    return server.url


@pytest.fixture
def settings(tmp_path: Path, new_database: Callable[[], str], mlflow_uri: str) -> Settings:
    """A whole installation of the test's own; `hotel_pms` is an empty source database."""
    from include.adapters import dvc_registry, warehouse

    registry = tmp_path / "registry.git"
    dvc_registry.create_registry(registry, tmp_path / "dvc-remote")
    warehouse_url = new_database()
    warehouse.migrate(warehouse_url)
    return Settings.from_mapping(
        {
            "PERENNIAL_LAKE_ROOT": str(tmp_path / "lake"),
            "PERENNIAL_REPORTS_ROOT": str(tmp_path / "reports"),
            "PERENNIAL_WORK_ROOT": str(tmp_path / "work"),
            "PERENNIAL_SNAPSHOT_REGISTRY": str(registry),
            "PERENNIAL_MLFLOW_TRACKING_URI": mlflow_uri,
            "PERENNIAL_SPECS_ROOT": str(SPECS_ROOT),
        },
        warehouse_url=warehouse_url,
        connections={"hotel_pms": new_database()},
    )
