"""Model versions in MLflow: registering, finding, loading, and the aliases of what serves."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
import requests
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModelOutput
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from sklearn.pipeline import Pipeline

from include.adapters.mlflow_runs import KEY_TAG
from include.adapters.model_files import load_model, write_model
from include.errors import IntegrityError
from include.settings import Settings

ARTIFACT_TAG = "artifact_sha256"
CHAMPION = "champion"
PREVIOUS = "previous"
REFERENCE_PROFILE = "reference_profile.json"
MODEL_INFO = "model_info.json"

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


def upload_model(
    settings: Settings, model: str, run_id: str, pipeline: Pipeline, signature: ModelSignature
) -> UploadedModel:
    """Store a fitted pipeline as an output of its run."""
    with mlflow_client(settings) as client, _workspace(settings) as folder:
        experiment = client.get_run(run_id).info.experiment_id
        logged = client.create_logged_model(experiment, model, run_id, model_type="sklearn")
        files = Path(folder) / "model"
        described = Model(run_id=run_id, model_id=logged.model_id)
        sha256 = write_model(pipeline, files, described, signature)
        client.log_model_artifacts(logged.model_id, str(files))
        client.finalize_logged_model(logged.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
        return UploadedModel(logged.model_id, sha256)


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
        What `upload_model` returned.
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


def load_champion(
    settings: Settings, model: str, version: int, run_id: str, artifact_sha256: str
) -> Pipeline:
    """Download a model version, check its bytes, and load it.

    Parameters
    ----------
    settings
        The installation.
    model, version, run_id
        Which version, and the run that made it.
    artifact_sha256
        What `register_version` recorded; kept by the caller outside MLflow.

    Raises
    ------
    IntegrityError
        When the files are not those that were registered; nothing was loaded.
    SourceUnavailableError
        When MLflow does not answer.
    """
    with mlflow_client(settings) as client, _workspace(settings) as folder:
        found = client.get_model_version(model, str(version))
        if found.run_id != run_id:
            raise IntegrityError(
                f"the version belongs to MLflow run {found.run_id}, recorded was {run_id}",
                where=f"model {model}, version {version}",
                next_step="check whether the model registry was rebuilt; promote a version of this one",
            )
        # Not by its models:/ address, where the client adds a file of its own to what it downloads.
        location = client.get_logged_model(found.source.removeprefix("models:/")).artifact_location
        return load_model(_download(settings, location, Path(folder)), artifact_sha256)


def read_reference_profile(settings: Settings, run_id: str) -> dict[str, Any]:
    """Return the reference profile that was logged with a training run."""
    return _read_document(settings, run_id, REFERENCE_PROFILE)


def read_model_info(settings: Settings, run_id: str) -> dict[str, Any]:
    """Return what scoring needs beside the pipeline: features, threshold, holdout days."""
    return _read_document(settings, run_id, MODEL_INFO)


def _workspace(settings: Settings) -> tempfile.TemporaryDirectory[str]:
    settings.work_root.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=settings.work_root, prefix="model-")


def _download(settings: Settings, location: str, folder: Path) -> Path:
    address = settings.mlflow_tracking_uri
    return Path(
        download_artifacts(
            artifact_uri=location, dst_path=str(folder), tracking_uri=address, registry_uri=address
        )
    )


def _read_document(settings: Settings, run_id: str, name: str) -> dict[str, Any]:
    with _workspace(settings) as folder:
        try:
            with mlflow_client(settings) as client:
                path = client.download_artifacts(run_id, name, folder)
        except (MlflowException, requests.RequestException) as error:
            raise IntegrityError(
                f"artifact {name} cannot be read: {error}",
                where=f"MLflow run {run_id}",
                next_step="train and promote a new version; runs of promoted versions must be kept",
            ) from error
        document: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        return document


def _ensure_registered(client: MlflowClient, model: str) -> None:
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise


def _registered(found: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(int(found.version), str(found.run_id), str(found.tags[ARTIFACT_TAG]))
