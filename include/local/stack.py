"""The whole stack of one machine: PostgreSQL, MLflow and Airflow over one state folder."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from include.local.airflow_environment import Addresses, build_environment
from include.local.airflow_stack import COMPONENTS, AirflowStack
from include.local.health import startup_failure
from include.local.mlflow_server import NAME as MLFLOW
from include.local.mlflow_server import MlflowServer
from include.local.ports import LOOPBACK, free_port
from include.local.postgres import NAME as POSTGRES
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile
from include.local.state_lock import StateLock
from include.local.web_accounts import ADMIN, WebAccounts

logger = logging.getLogger(__name__)

PROCESSES = (POSTGRES, MLFLOW, *COMPONENTS)


class LocalStack:
    """Starts and stops everything one machine needs; as a context manager it stops at the end.

    Parameters
    ----------
    root
        The checkout.
    state
        The folder that holds all state.
    outlive_launcher
        True leaves the servers running when this process ends.
    """

    admin_user = ADMIN

    def __init__(self, root: Path, state: Path, *, outlive_launcher: bool = False) -> None:
        self.root = root.resolve()
        self.state = state.resolve()
        self._outlive = outlive_launcher
        self._secrets = SecretFile(self.state / "secrets.json")
        self.accounts = WebAccounts(self.state, self._secrets)
        self._processes = Processes(self.state, outlive_launcher=outlive_launcher)
        self._lock = StateLock(self.state / "lock")
        self._ports = _read_ports(self._ports_file)
        self._postgres: LocalPostgres | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None or not self._outlive:
            self.stop()
        self._lock.release()

    def start(self, note: Callable[[str], None] = logger.info) -> None:
        """Start everything and wait until all of it is healthy.

        What an earlier launcher left running in the same folder is stopped first.

        Parameters
        ----------
        note
            Told what is being waited for.

        Raises
        ------
        ConcurrentWriteError
            When another launcher works with the folder.
        SourceUnavailableError
            When a server does not come up; carries the end of its log.
        """
        began = time.perf_counter()
        self._lock.acquire()
        self._stop_processes()
        note("PostgreSQL")
        postgres = self._start_postgres()
        self._choose_ports(postgres)
        mlflow = self._mlflow(postgres)
        airflow = AirflowStack(self._processes, self.env(), self.accounts.passwords())
        note("MLflow's and Airflow's databases")
        mlflow.launch()
        airflow.launch_migration()
        self._create_stores(postgres)
        airflow.launch()
        note("MLflow and Airflow")
        airflow.wait(note)
        mlflow.wait()
        note(f"{len(PROCESSES)} servers on loopback")
        logger.info("stack of %d processes up in %.1f s", len(PROCESSES), time.perf_counter() - began)

    def start_stores(self) -> None:
        """Start PostgreSQL and MLflow alone, for a command that only reads; errors as `start`'s."""
        self._lock.acquire()
        self._stop_processes()
        postgres = self._start_postgres()
        self._choose_ports(postgres)
        mlflow = self._mlflow(postgres)
        mlflow.launch()
        self._create_stores(postgres)
        mlflow.wait()

    def stop(self) -> None:
        """Stop everything that runs over this state folder; PostgreSQL last.

        Raises
        ------
        ConcurrentWriteError
            When another launcher works with the folder.
        """
        self._lock.acquire()
        self._stop_processes()

    def require_running(self) -> None:
        """Make sure that no server has ended by itself.

        Raises
        ------
        SourceUnavailableError
            Names the server and carries the end of its log.
        """
        for name, runs in self.status().items():
            if not runs:
                raise startup_failure(self._processes, name, f"{name} ended by itself")

    def status(self) -> dict[str, bool]:
        """Which of the stack's processes run."""
        return {name: self._processes.is_running(name) for name in PROCESSES}

    def env(self) -> dict[str, str]:
        """The environment of Airflow's processes and tasks."""
        postgres = self._database_server()
        addresses = Addresses(
            airflow_database=postgres.url("airflow"),
            warehouse=postgres.url("warehouse"),
            source=postgres.url("source"),
            mlflow=self.mlflow_url,
            airflow=self.airflow_url,
        )
        return build_environment(self.root, self.state, addresses, self._secrets, os.environ)

    @property
    def airflow_url(self) -> str:
        """Where the Airflow web UI is."""
        return f"http://{LOOPBACK}:{self._ports['airflow']}"

    @property
    def mlflow_url(self) -> str:
        """Where the MLflow web UI is."""
        return f"http://{LOOPBACK}:{self._ports['mlflow']}"

    @property
    def source_url(self) -> str:
        """SQLAlchemy address of the demo hotel's own database."""
        return self._database_server().url("source")

    @property
    def admin_password(self) -> str:
        """The password of the web UI's first account."""
        return self.accounts.passwords()[ADMIN]

    def _database_server(self) -> LocalPostgres:
        if self._postgres is None:
            self._postgres = LocalPostgres(
                self._processes, self._secrets, preferred_port=self._ports.get("postgres")
            )
        return self._postgres

    def _start_postgres(self) -> LocalPostgres:
        postgres = self._database_server()
        postgres.start()
        for database in ("airflow", "mlflow", "warehouse", "source"):
            postgres.ensure_database(database)
        return postgres

    def _mlflow(self, postgres: LocalPostgres) -> MlflowServer:
        return MlflowServer(
            self._processes,
            database_url=postgres.url("mlflow"),
            artifacts=self.state / "mlflow" / "artifacts",
            port=self._ports["mlflow"],
        )

    def _create_stores(self, postgres: LocalPostgres) -> None:
        # Imported here: DVC and Alembic take seconds to load, in which the servers are starting.
        from include.adapters import dvc_registry, warehouse

        dvc_registry.create_registry(self.state / "registry.git", self.state / "dvc-remote")
        warehouse.migrate(postgres.url("warehouse"))

    def _choose_ports(self, postgres: LocalPostgres) -> None:
        web = {name: free_port(self._ports.get(name)) for name in ("mlflow", "airflow")}
        self._ports = {"postgres": postgres.port, **web}
        self._ports_file.write_text(json.dumps(self._ports, indent=2), encoding="utf-8")

    @property
    def _ports_file(self) -> Path:
        return self.state / "ports.json"

    def _stop_processes(self) -> None:
        # Their clients end first, or the database would cut them off in the middle of a sentence.
        self._processes.stop(name for name in self._processes.names() if name != POSTGRES)
        self._processes.stop([POSTGRES])


def _read_ports(path: Path) -> dict[str, int]:
    ports: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return ports
