"""JSON documents that training logs with its run, and that scoring and the weekly check read back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from include.adapters.mlflow_client import mlflow_client  # first: it sets MLflow's environment

# isort: split
import requests
from mlflow.exceptions import MlflowException

from include.errors import IntegrityError
from include.settings import Settings

REFERENCE_PROFILE = "reference_profile.json"
MODEL_INFO = "model_info.json"
TRAINING_SET = "training_set.json"
TRAINING_SET_PAGE = "training_set.html"
SCORED_SAMPLE = "scored_sample.json"
SNAPSHOT = "snapshot.json"
SPECS = "specs.json"
LEARNING_CURVE = "learning_curve.json"


def read_reference_profile(settings: Settings, run_id: str) -> dict[str, Any]:
    """Return the reference profile that was logged with a training run."""
    return _read_document(settings, run_id, REFERENCE_PROFILE)


def read_model_info(settings: Settings, run_id: str) -> dict[str, Any]:
    """Return what scoring needs beside the pipeline: features, threshold, holdout days."""
    return _read_document(settings, run_id, MODEL_INFO)


def read_document(settings: Settings, run_id: str, name: str) -> dict[str, Any]:
    """Return a JSON document of a training run.

    Raises
    ------
    IntegrityError
        When the run or the document is gone.
    SourceUnavailableError
        When MLflow does not answer.
    """
    return _read_document(settings, run_id, name)


def _read_document(settings: Settings, run_id: str, name: str) -> dict[str, Any]:
    settings.work_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.work_root, prefix="document-") as folder:
        try:
            with mlflow_client(settings) as client:
                path = client.download_artifacts(run_id, name, folder)
        except (MlflowException, requests.RequestException) as error:
            raise IntegrityError(
                f"artifact {name} cannot be read: {error}",
                where=f"MLflow run {run_id}",
                next_step="train and promote a new version; runs of promoted versions must be kept",
            ) from error
        return _parsed(Path(path).read_bytes(), run_id, name)


def _parsed(content: bytes, run_id: str, name: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(content)
    except ValueError as error:  # also what is not UTF-8
        raise IntegrityError(
            f"artifact {name} is not the JSON document that training wrote: {error}",
            where=f"MLflow run {run_id}",
            next_step="restore it, or train and promote another version",
        ) from error
    return document
