"""Airflow's own processes: API server, scheduler, DAG processor and triggerer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import psycopg

from include.local.airflow_environment import password_file
from include.local.health import fetch, startup_failure, wait_until_healthy
from include.local.processes import Command, Processes
from include.local.secret_file import write_private

_MIGRATION = "airflow-db-migrate"
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "dag-processor": ("dag-processor",),
    # The log servers would listen on all addresses; the API server reads the same folder anyway.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "api-server": ("api-server",),
}


class AirflowStack:
    """One Airflow on loopback.

    Parameters
    ----------
    processes
        Starts the components.
    env
        From `build_environment`.
    passwords
        Of the web UI's accounts, by name.
    """

    def __init__(self, processes: Processes, env: Mapping[str, str], passwords: Mapping[str, str]) -> None:
        self._processes = processes
        self._env = env
        self._home = Path(env["AIRFLOW_HOME"])
        self._passwords = dict(passwords)

    def launch_migration(self) -> None:
        """Begin to bring the metadata database to this version; nothing to do where it is there."""
        self._home.mkdir(parents=True, exist_ok=True)
        write_private(password_file(self._home.parent), json.dumps(self._passwords))
        if not self._is_migrated():
            self._start(_MIGRATION, ("db", "migrate"))

    def launch(self, *, timeout_seconds: float = 300) -> None:
        """Wait for the migration and start the components without waiting for them.

        Raises
        ------
        SourceUnavailableError
            When the migration fails; carries the end of its log.
        """
        if not self._is_migrated():
            self._finish_migration(timeout_seconds)
        for name, arguments in COMPONENTS.items():
            if not self._processes.is_running(name):
                self._start(name, arguments)

    def wait(self, note: Callable[[str], None], *, timeout_seconds: float = 300) -> None:
        """Wait until all components say that they are healthy.

        Raises
        ------
        SourceUnavailableError
            When one does not come up; carries the end of its log.
        """
        wait_until_healthy(
            self._processes, list(COMPONENTS), self._healthy, timeout_seconds=timeout_seconds, note=note
        )

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        argv = [sys.executable, "-m", "airflow", *arguments]
        self._processes.start(Command(name=name, argv=argv, env=self._env, cwd=self._home))

    def _healthy(self) -> bool:
        response = fetch(f"{self._env['AIRFLOW__API__BASE_URL']}/api/v2/monitor/health")
        parts = response.json().values() if response is not None else [{}]
        return all(part.get("status") == "healthy" for part in parts)

    def _finish_migration(self, timeout_seconds: float) -> None:
        try:
            code = self._processes.wait(_MIGRATION, timeout_seconds=timeout_seconds)
        except subprocess.TimeoutExpired:
            code = None
        self._processes.stop([_MIGRATION])
        if code != 0:
            raise startup_failure(self._processes, _MIGRATION, "Airflow's database was not migrated")
        self._stamp.write_text(self._migrated_state(), encoding="utf-8")

    @property
    def _stamp(self) -> Path:
        return self._home / "migrated"

    def _is_migrated(self) -> bool:
        return self._stamp.exists() and self._stamp.read_text(encoding="utf-8") == self._migrated_state()

    def _migrated_state(self) -> str:
        """Airflow's version and the revision in the database: asking Airflow itself takes seconds."""
        address = self._env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "", 1)
        with psycopg.connect(address) as connection:
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except psycopg.errors.UndefinedTable:
                row = None
        return f"{version('apache-airflow')} {row[0] if row else 'empty'}"
