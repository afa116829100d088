"""What must hold at every moment of a model's life, and what must hold once a killed step was repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from sqlalchemy import text

from include.adapters import mlflow_models, mlflow_registry, warehouse
from include.adapters.mlflow_runs import KEY_TAG
from include.errors import PerennialError
from include.settings import Settings
from include.steps import verify_ledger
from tests.support.kills.model_world import MODEL, serving_version

_PROMOTIONS = text("SELECT version FROM perennial.promotion WHERE model = :model AND kind = 'promotion'")


def at_any_moment(settings: Settings) -> Iterator[str]:
    """Yield what is wrong right after a kill: an alias to something incomplete, an altered ledger."""
    client = MlflowClient(settings.mlflow_tracking_uri, settings.mlflow_tracking_uri)
    for alias in (mlflow_registry.CHAMPION, mlflow_registry.PREVIOUS):
        version = mlflow_registry.read_alias(client, MODEL, alias)
        if version is not None:
            yield from _incomplete(settings, client, alias, version)
        elif alias == mlflow_registry.CHAMPION:
            yield "alias: nothing is champion"
    serving = serving_version(settings)
    if serving is None:
        yield "alias: nothing serves by the warehouse"
    else:
        yield from _incomplete(settings, client, "the warehouse", serving)
    try:
        verify_ledger.run(settings, [MODEL])
    except PerennialError as error:
        yield f"ledger: {error}"


def after_the_retry(settings: Settings) -> Iterator[str]:
    """Yield what is wrong once a step was repeated: doubles, leftovers, aliases that do not follow."""
    yield from at_any_moment(settings)
    client = MlflowClient(settings.mlflow_tracking_uri, settings.mlflow_tracking_uri)
    versions = client.search_model_versions(f"name = '{MODEL}'", max_results=1000)
    yield from _doubled("version", [version.tags[KEY_TAG] for version in versions])
    experiment = client.get_experiment_by_name(MODEL)
    runs = client.search_runs([experiment.experiment_id], max_results=1000) if experiment else []
    yield from _doubled(
        "run",
        [
            run.data.tags[KEY_TAG]
            for run in runs
            if run.info.status == "FINISHED" and KEY_TAG in run.data.tags
        ],
    )
    yield from (
        f"run: {run.info.run_id} is left {run.info.status}" for run in runs if _is_open(run.info.status)
    )
    with warehouse.transaction(settings) as conn:
        promoted = [str(row.version) for row in conn.execute(_PROMOTIONS, {"model": MODEL})]
    yield from _doubled("promotion", promoted)
    champion, serving = mlflow_registry.champion_alias(settings, MODEL), serving_version(settings)
    if champion != serving:
        yield f"alias: champion is {champion}, but {serving} serves"


def _incomplete(settings: Settings, client: MlflowClient, who: str, version: int) -> Iterator[str]:
    found: ModelVersion = client.get_model_version(MODEL, str(version))
    run_id, sha256 = str(found.run_id), str(found.tags[mlflow_registry.ARTIFACT_TAG])
    status = client.get_run(run_id).info.status
    if status != "FINISHED":
        yield f"alias: version {version} of {who} has a run that is {status}"
    try:
        mlflow_models.load_version(settings, MODEL, version, run_id, sha256)
    except PerennialError as error:
        yield f"alias: version {version} of {who} cannot be loaded: {error}"


def _doubled(what: str, names: list[str]) -> Iterator[str]:
    yield from (
        f"{what}: {name} is there {times} times" for name, times in Counter(names).items() if times > 1
    )


def _is_open(status: str) -> bool:
    return status in {"RUNNING", "SCHEDULED"}
