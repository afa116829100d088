"""Score one clean partition with a pinned champion and publish the answer as a whole."""

from __future__ import annotations

import logging
import time
from datetime import date

import pyarrow as pa

from include.adapters import warehouse
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.contracts import ChampionRef, PublicationRef
from include.core.content_hash import content_hash
from include.core.model_info import ModelInfo
from include.core.output_contract import check_output, require_shape
from include.core.predictions import build_predictions, entity_keys
from include.errors import DataError, MissingPartitionError
from include.settings import Settings
from include.specs import Specs
from include.steps.event_features import read_events
from include.steps.scorer import Scorer, load_scorer

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, model: str, ds: date, champion: ChampionRef, run_id: str
) -> PublicationRef:
    """Publish a score for every row of the partition, or nothing at all.

    The same partition and champion give the same published rows, however often this runs.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    model
        The model's name.
    ds
        The day whose partition is scored.
    champion
        The version pinned for this run.
    run_id
        The run that publishes, for the record.

    Raises
    ------
    MissingPartitionError
        When the model's dataset has no clean partition for `ds`, or a dataset lacks a day that derived
        features look back at.
    OutputContractError
        When the scores must not be published.
    IntegrityError
        When the partition or the model are not the bytes that were recorded.
    """
    started = time.perf_counter()
    dataset = specs.dataset(specs.model(model).dataset)
    lake = Lake(settings.lake_root)
    manifest = _clean_manifest(lake, dataset.dataset, ds)
    scorer = load_scorer(settings, champion)
    rows = read_events(settings, specs, lake, manifest, scorer.info.derived)
    keys = entity_keys(rows, dataset.key)
    where = f"{model} version {champion.version}, {ds}"
    predictions = _predict(scorer, rows, keys, where)
    check_output(predictions, keys, manifest.rows, scorer.info.task, scorer.info.classes, where)
    published = _publish(settings, champion, manifest, predictions, run_id)
    log.info(
        "scored %s %s with version %d: %d rows in, %d published, revision %d, changed=%s, %.2f s",
        model, ds, champion.version, rows.num_rows, published.rows, published.revision, published.changed,
        time.perf_counter() - started,
    )  # fmt: skip
    return published


def _clean_manifest(lake: Lake, dataset: str, ds: date) -> CleanManifest:
    manifest = lake.clean_manifest(dataset, ds)
    if manifest is None:
        raise MissingPartitionError(
            "there is no clean partition",
            where=f"dataset {dataset}, {ds}",
            next_step=f"run the DAG {dataset}__ingest for {ds}, then run this night again",
            dataset=dataset,
            ds=ds,
        )
    return manifest


def _predict(scorer: Scorer, rows: pa.Table, keys: pa.Array, where: str) -> pa.Table:
    """Score with what the version was trained with, whatever the spec says today."""
    info = scorer.info
    _check_columns(rows, info, scorer.version)
    try:
        scores = scorer.score(rows.select(info.features.all).to_pandas())
    except DataError as error:
        error.where = error.where or where  # it knows the feature, and not whose
        raise
    answers = scorer.answers(scores)
    require_shape(scores, answers, rows.num_rows, info.task, info.classes, where)
    return build_predictions(keys, scores, answers, info.task, info.classes)


def _check_columns(rows: pa.Table, info: ModelInfo, version: int) -> None:
    missing = [name for name in info.features.all if name not in rows.column_names]
    if missing:
        raise DataError(
            f"the partition lacks {', '.join(missing)}, which version {version} was trained with",
            where=f"model {info.model}",
            next_step=f"declare them again in the dataset's spec, or trigger"
            f" the DAG {info.model}__snapshot for a version without them",
            missing=missing,
        )


def _publish(
    settings: Settings, champion: ChampionRef, manifest: CleanManifest, predictions: pa.Table, run_id: str
) -> PublicationRef:
    publication = warehouse.Publication(
        model=champion.model,
        ds=manifest.ds,
        content_hash=content_hash(
            predictions, model_version=champion.version, snapshot_hash=champion.snapshot_hash
        ),
        model_version=champion.version,
        snapshot_tag=champion.snapshot_tag,
        snapshot_hash=champion.snapshot_hash,
        partition_sha256=manifest.content_sha256,
        run_id=run_id,
    )
    with warehouse.transaction(settings) as conn:
        return warehouse.publish(conn, publication, predictions)
