"""Real servers for the tests that ask for them: PostgreSQL and MLflow, started once for the session.

A plugin that `tests/conftest.py` names. What starts servers is imported inside the fixtures, so that a
run of unit tests does not pay for it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from include.local.postgres import LocalPostgres
    from include.local.processes import Processes
    from include.settings import Settings

SPECS_ROOT = Path(__file__).parents[2] / "include"


@pytest.fixture(scope="session")
def server_processes() -> Iterator[Processes]:
    from include.local.processes import Processes

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
    from include.local.postgres import LocalPostgres
    from include.local.secret_file import SecretFile

    server = LocalPostgres(server_processes, SecretFile(server_processes.state / "secrets.json"))
    server.start()
    return server


@pytest.fixture(scope="session")
def database_names() -> Iterator[str]:
    return (f"test_{number}" for number in count(1))


@pytest.fixture
def new_database(postgres: LocalPostgres, database_names: Iterator[str]) -> Iterator[Callable[[], str]]:
    """Creates empty databases that are dropped after the test; each call returns an address."""
    yield from _new_databases(postgres, database_names)


@pytest.fixture(scope="module")
def module_database(postgres: LocalPostgres, database_names: Iterator[str]) -> Iterator[Callable[[], str]]:
    """Creates empty databases that are dropped after the module's tests."""
    yield from _new_databases(postgres, database_names)


def _new_databases(postgres: LocalPostgres, names: Iterator[str]) -> Iterator[Callable[[], str]]:
    created = []

    def create() -> str:
        name = next(names)
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
    from include.local.mlflow_server import MlflowServer
    from include.local.ports import free_port

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
    return installation(tmp_path, new_database(), mlflow_uri, {"hotel_pms": new_database()})


@pytest.fixture(scope="module")
def module_settings(
    tmp_path_factory: pytest.TempPathFactory, module_database: Callable[[], str], mlflow_uri: str
) -> Settings:
    """An installation that the tests of a module share, without a source."""
    return installation(tmp_path_factory.mktemp("installation"), module_database(), mlflow_uri, {})


@pytest.fixture
def fresh_warehouse(module_settings: Settings, new_database: Callable[[], str]) -> Settings:
    """The module's installation with an empty warehouse of the test's own."""
    from pydantic import SecretStr

    from include.adapters import warehouse

    url = new_database()
    warehouse.migrate(url)
    return module_settings.model_copy(update={"warehouse_url": SecretStr(url)})


def installation(
    root: Path, warehouse_url: str, mlflow_uri: str, connections: dict[str, str], specs: Path = SPECS_ROOT
) -> Settings:
    """Lake, registry and reports below `root`; a migrated warehouse."""
    from include.adapters import dvc_registry, warehouse
    from include.settings import Settings

    registry = root / "registry.git"
    dvc_registry.create_registry(registry, root / "dvc-remote")
    warehouse.migrate(warehouse_url)
    return Settings.from_mapping(
        {
            "PERENNIAL_LAKE_ROOT": str(root / "lake"),
            "PERENNIAL_REPORTS_ROOT": str(root / "reports"),
            "PERENNIAL_WORK_ROOT": str(root / "work"),
            "PERENNIAL_SNAPSHOT_REGISTRY": str(registry),
            "PERENNIAL_MLFLOW_TRACKING_URI": mlflow_uri,
            "PERENNIAL_SPECS_ROOT": str(specs),
        },
        warehouse_url=warehouse_url,
        connections=connections,
    )
