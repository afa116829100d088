"""What MLflow knows of where a registered version came from."""

from __future__ import annotations

from dataclasses import dataclass

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
from mlflow.exceptions import MlflowException

from include.errors import FatalError, IntegrityError
from include.settings import Settings


@dataclass(frozen=True)
class Lineage:
    """A version's run, and what both recorded.

    Attributes
    ----------
    model, version, run_id
        Which version, and the run that made it.
    tags
        The version's own.
    run_tags
        The run's, all of them.
    metrics
        The run's.
    """

    model: str
    version: int
    run_id: str
    tags: dict[str, str]
    run_tags: dict[str, str]
    metrics: dict[str, float]

    def tag(self, name: str) -> str:
        """Return a tag of the version.

        Raises
        ------
        IntegrityError
            When it has none of this name.
        """
        if name not in self.tags:
            raise IntegrityError(
                f"its tag {name} is missing",
                where=f"model {self.model}, version {self.version}",
                next_step="versions from before it was recorded cannot be built again; train a new one",
            )
        return self.tags[name]


def read_lineage(settings: Settings, model: str, version: int) -> Lineage:
    """Read what a version and its run recorded.

    Raises
    ------
    FatalError
        When there is no such version.
    SourceUnavailableError
        When MLflow does not answer.
    """
    with mlflow_client(settings) as client:
        try:
            found = client.get_model_version(model, str(version))
            run = client.get_run(str(found.run_id))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise FatalError(
                f"MLflow does not know it: {str(error).splitlines()[0][:200]}",
                where=f"model {model}, version {version}",
                next_step="name a version that is registered; the MLflow web UI lists them",
            ) from error
    return Lineage(model, version, str(found.run_id), dict(found.tags), run.data.tags, run.data.metrics)
