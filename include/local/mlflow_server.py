"""The MLflow tracking server and model registry of one machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from include.local.health import answers, wait_until_healthy
from include.local.ports import LOOPBACK
from include.local.processes import Command, Processes

NAME = "mlflow"
ENVIRONMENT: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}
"""What servers and clients need not to report home."""


class MlflowServer:
    """One `mlflow server` on loopback, with its metadata in PostgreSQL and its artifacts in a folder.

    Parameters
    ----------
    processes
        Starts the server.
    database_url
        SQLAlchemy address of the database; the server creates its tables by itself.
    artifacts
        Folder of the artifacts; clients reach them through the server only.
    port
        A free port.
    """

    def __init__(self, processes: Processes, *, database_url: str, artifacts: Path, port: int) -> None:
        self._processes = processes
        self._database_url = database_url
        self._artifacts = artifacts
        self._port = port

    @property
    def url(self) -> str:
        """Where clients find the server."""
        return f"http://{LOOPBACK}:{self._port}"

    def launch(self) -> None:
        """Start the server without waiting for it; nothing to do where it runs already."""
        if self._processes.is_running(NAME):
            return
        self._artifacts.mkdir(parents=True, exist_ok=True)
        self._processes.start(
            Command(name=NAME, argv=self._argv(), env=self._env(), cwd=self._artifacts.parent)
        )

    def wait(self, *, timeout_seconds: float = 300) -> None:
        """Wait until the server answers.

        Raises
        ------
        SourceUnavailableError
            When it does not come up; carries the end of its log.
        """
        wait_until_healthy(
            self._processes, [NAME], lambda: answers(f"{self.url}/health"), timeout_seconds=timeout_seconds
        )

    def _argv(self) -> list[str]:
        return [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--host", LOOPBACK, "--port", str(self._port), "--workers", "1"),
            *("--serve-artifacts", "--artifacts-destination", str(self._artifacts)),
        ]

    def _env(self) -> dict[str, str]:
        return {
            **os.environ,
            **ENVIRONMENT,
            # In the environment, not on the command line, which every user of the machine can read.
            "MLFLOW_BACKEND_STORE_URI": self._database_url,
            # The job runner's consumers would cost several hundred megabytes and serve nothing here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
