"""Fitted models in MLflow's artifact store: uploaded as an output of their run, loaded when their bytes hold.

Apart from the registry, because scikit-learn and skops take seconds to import, which only training,
judging and scoring need to spend.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
import requests
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModelOutput, Run
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from sklearn.pipeline import Pipeline

from include.adapters.canonical_skops import file_sha256
from include.adapters.mlflow_registry import ARTIFACT_TAG, MODEL_TAG, UploadedModel
from include.adapters.model_files import (
    MODEL_FILE,
    load_model,
    require_intact,
    write_model,
    write_model_file,
)
from include.errors import IntegrityError
from include.settings import Settings


def upload_model(
    settings: Settings, model: str, run_id: str, pipeline: Pipeline, signature: ModelSignature
) -> UploadedModel:
    """Store a fitted pipeline as an output of its run; what an earlier try of this run stored is used."""
    with mlflow_client(settings) as client, _workspace(settings) as folder:
        run = client.get_run(run_id)
        if (found := _stored_before(client, run, pipeline, Path(folder))) is not None:
            return found
        logged = client.create_logged_model(run.info.experiment_id, model, run_id, model_type="sklearn")
        files = Path(folder) / "model"
        described = Model(run_id=run_id, model_id=logged.model_id)
        sha256 = write_model(pipeline, files, described, signature, settings.trusted_types)
        stored = UploadedModel(logged.model_id, sha256, file_sha256(files / MODEL_FILE))
        client.log_model_artifacts(logged.model_id, str(files))
        client.set_logged_model_tags(
            logged.model_id, {ARTIFACT_TAG: stored.artifact_sha256, MODEL_TAG: str(stored.model_sha256)}
        )
        client.finalize_logged_model(logged.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
        return stored


def _stored_before(client: MlflowClient, run: Run, pipeline: Pipeline, folder: Path) -> UploadedModel | None:
    """Return the complete output of this run that holds the very same pipeline."""
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        return None
    sha256 = write_model_file(pipeline, folder / MODEL_FILE)
    for output in outputs:
        tags = client.get_logged_model(output.model_id).tags
        if tags.get(MODEL_TAG) == sha256:
            return UploadedModel(output.model_id, tags[ARTIFACT_TAG], sha256)
    return None


def load_version(settings: Settings, model: str, version: int, run_id: str, artifact_sha256: str) -> Pipeline:
    """Download a model version, check its bytes, and load it.

    Parameters
    ----------
    settings
        The installation.
    model, version, run_id
        Which version, and the run that made it.
    artifact_sha256
        What `upload_model` answered; kept by the caller outside MLflow.

    Raises
    ------
    IntegrityError
        When the version is gone, or its files are not those that were registered; nothing was loaded.
    SourceUnavailableError
        When MLflow does not answer.
    """
    with _fetched(settings, model, version, run_id) as files:
        return load_model(files, artifact_sha256, settings.trusted_types)


def copy_version(
    settings: Settings, model: str, version: int, run_id: str, artifact_sha256: str, target: Path
) -> None:
    """Download a model version, check its bytes, and put its files into a new folder; as `load_version`."""
    with _fetched(settings, model, version, run_id) as files:
        require_intact(files, artifact_sha256)
        shutil.copytree(files, target)


@contextmanager
def _fetched(settings: Settings, model: str, version: int, run_id: str) -> Iterator[Path]:
    where = f"model {model}, version {version}"
    with _kept(where), mlflow_client(settings) as client, _workspace(settings) as folder:
        found = client.get_model_version(model, str(version))
        if found.run_id != run_id:
            raise IntegrityError(
                f"the version belongs to MLflow run {found.run_id}, recorded was {run_id}",
                where=where,
                next_step="check whether the model registry was rebuilt; promote a version of this one",
            )
        # Not by its models:/ address, where the client adds a file of its own to what it downloads.
        location = client.get_logged_model(found.source.removeprefix("models:/")).artifact_location
        yield _download(settings, location, Path(folder))


@contextmanager
def _kept(where: str) -> Iterator[None]:
    """Say of what MLflow no longer has that it should have been kept."""
    try:
        yield
    except (MlflowException, requests.RequestException) as error:
        raise IntegrityError(
            f"MLflow does not have it any more: {' '.join(str(error).split())[:300]}",
            where=where,
            next_step="restore it, or train and promote another version; promoted ones must be kept",
        ) from error


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
