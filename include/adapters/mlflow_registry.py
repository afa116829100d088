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
from include.errors import IntegrityError
from include.settings import Settings

ARTIFACT_TAG = "artifact_sha256"
MODEL_TAG = "model_sha256"
CHAMPION = "champion"
PREVIOUS = "previous"

LEDGER_ENTRY_TAG = "ledger_entry"
"""Number and SHA-256 of an entry, as `ledger_mark` writes them: one tag, or a kill would part them."""
SEMANTIC_VERSION_TAG = "semantic_version"

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
    """Model files that lie in the artifact store.

    `artifact_sha256` is of the whole folder, `model_sha256` of the fitted pipeline alone: equal fits have
    equal ones.
    """

    model_id: str
    artifact_sha256: str
    model_sha256: str | None = None


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
    hashes = {ARTIFACT_TAG: uploaded.artifact_sha256}
    if uploaded.model_sha256 is not None:
        hashes[MODEL_TAG] = uploaded.model_sha256
    with mlflow_client(settings) as client:
        _ensure_registered(client, model)
        created = client.create_model_version(
            model,
            source=f"models:/{uploaded.model_id}",
            run_id=run_id,
            model_id=uploaded.model_id,
            tags={**tags, **hashes},
        )
        return _registered(created)


def find_version(settings: Settings, model: str, key: str) -> RegisteredVersion | None:
    """Return the version that was registered under a key, if there is one."""
    with mlflow_client(settings) as client:
        found = client.search_model_versions(f"name = '{model}' AND tags.`{KEY_TAG}` = '{key}'")
        return _registered(min(found, key=lambda item: int(item.version))) if found else None


def point_aliases(settings: Settings, model: str, champion: int | None, previous: int | None) -> None:
    """Point the aliases `champion` and `previous` at these versions; None removes one. May be repeated.

    MLflow's aliases know no compare-and-set: the caller holds the model's lock. An alias `previous` whose
    version is gone from the registry is removed: nothing depends on it.
    """
    with mlflow_client(settings) as client:
        if previous is not None and not _is_registered(client, model, previous):
            previous = None
        # `previous` first: killed in between, `champion` still points at a version that served.
        for alias, version in ((PREVIOUS, previous), (CHAMPION, champion)):
            if read_alias(client, model, alias) == version:
                continue
            if version is None:
                client.delete_registered_model_alias(model, alias)
            else:
                client.set_registered_model_alias(model, alias, str(version))


def tag_version(settings: Settings, model: str, version: int, tags: Mapping[str, str]) -> None:
    """Set tags of a version; those that stand there already are left alone.

    Raises
    ------
    IntegrityError
        When the registry does not have the version.
    """
    with mlflow_client(settings) as client:
        if not _is_registered(client, model, version):
            raise IntegrityError(
                "MLflow does not have this version, which serves by the warehouse's record",
                where=f"model {model}, version {version}",
                next_step=f"check that MLflow is the right server and whole; {model}__rollback puts another"
                " version into service",
            )
        found = client.get_model_version(model, str(version)).tags
        for name, value in tags.items():
            if found.get(name) != value:
                client.set_model_version_tag(model, str(version), name, value)


def read_tags(settings: Settings, model: str, version: int) -> dict[str, str]:
    """Return the tags of a version, which must be registered."""
    with mlflow_client(settings) as client:
        return dict(client.get_model_version(model, str(version)).tags)


def ledger_mark(number: int, sha256: str) -> str:
    """Say which entry of the ledger a version names."""
    return f"{number} {sha256}"


def ledger_tags(settings: Settings, model: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Return number and hash of the ledger's entry that each version names, by model and version."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    with mlflow_client(settings) as client:
        token = None
        while True:
            page = client.search_model_versions(f"name = '{model}'", page_token=token)
            for item in page:
                if LEDGER_ENTRY_TAG in item.tags:
                    number, _, sha256 = item.tags[LEDGER_ENTRY_TAG].partition(" ")
                    found[item.name, int(item.version)] = (number, sha256)
            token = page.token
            if not token:
                return found


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


def _is_registered(client: MlflowClient, model: str, version: int) -> bool:
    try:
        client.get_model_version(model, str(version))
    except MlflowException as error:
        if error.error_code == _ABSENT:
            return False
        raise
    return True


def _ensure_registered(client: MlflowClient, model: str) -> None:
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise


def _registered(found: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(int(found.version), str(found.run_id), str(found.tags[ARTIFACT_TAG]))
