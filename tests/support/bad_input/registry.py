"""An MLflow server of a test's own, which can be stopped and started again."""

from __future__ import annotations

from dataclasses import dataclass

from include.local.mlflow_server import NAME, MlflowServer
from include.local.processes import Processes
from tests.support.bad_input.studio import Studio


@dataclass(frozen=True)
class StoppableRegistry:
    """The server, and an installation that uses it; its model serves already."""

    processes: Processes
    server: MlflowServer
    studio: Studio

    def stop(self) -> None:
        self.processes.stop([NAME])

    def start(self) -> None:
        self.server.launch()
        self.server.wait()
