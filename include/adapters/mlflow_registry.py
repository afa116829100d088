"""Model versions in MLflow: registering, finding, and the aliases of what serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from include.adapters.mlflow_runs import KEY_TAG
from include.settings import Settings

ARTIFACT_TAG = "artifact_sha256"
CHAMPION = "champion"
PREVIOUS = "previous"

_ABSENT = "RESOURCE_DOES_NOT_EXIST"
_EXISTS = "RESOURCE_ALREADY_EXISTS"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model."""

    version: int
    run_id: str
    artifact_sha256: str


@dataclass(frozen=True)
class UploadedModel:
    """Model files that lie in the artifact store."""

    model_id: str
    artifact_sha256: str


def register_version(
    settings: Settings, model: str, run_id: str, uploaded: UploadedModel, tags: Mapping[str, str]
) -> RegisteredVersion:
    """Register uploaded files as the model's next version.

    Parameters
    ----------
    settings
        The installation.
    model
        The registered model's name.
    run_id
        The training run.
    uploaded
        Its files, as `mlflow_models.upload_model` returned them.
    tags
        Recorded with the version in the same request; they hold the key by which `find_version` finds it.
    """
    with mlflow_client(settings) as client:
        _ensure_registered(client, model)
        created = client.create_model_version(
            model,
            source=f"models:/{uploaded.model_id}",
            run_id=run_id,
            model_id=uploaded.model_id,
            tags={**tags, ARTIFACT_TAG: uploaded.artifact_sha256},
        )
        return _registered(created)


def find_version(settings: Settings, model: str, key: str) -> RegisteredVersion | None:
    """Return the version that was registered under a key, if there is one."""
    with mlflow_client(settings) as client:
        found = client.search_model_versions(f"name = '{model}' AND tags.`{KEY_TAG}` = '{key}'")
        return _registered(min(found, key=lambda item: int(item.version))) if found else None


def move_champion(settings: Settings, model: str, version: int) -> None:
    """Point the alias `champion` at a version and `previous` at the one before; repeating is harmless.

    MLflow's aliases know no compare-and-set: the caller holds the model's lock.
    """
    with mlflow_client(settings) as client:
        current = read_alias(client, model, CHAMPION)
        if current == version:
            return
        if current is not None:
            client.set_registered_model_alias(model, PREVIOUS, str(current))
        client.set_registered_model_alias(model, CHAMPION, str(version))


def champion_alias(settings: Settings, model: str) -> int | None:
    """Return the version that the alias `champion` points at."""
    with mlflow_client(settings) as client:
        return read_alias(client, model, CHAMPION)


def read_alias(client: MlflowClient, model: str, alias: str) -> int | None:
    """Return the version an alias points at, or None."""
    try:
        return int(client.get_model_version_by_alias(model, alias).version)
    except MlflowException as error:
        if error.error_code in {_ABSENT, "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _ensure_registered(client: MlflowClient, model: str) -> None:
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise


def _registered(found: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(int(found.version), str(found.run_id), str(found.tags[ARTIFACT_TAG]))
