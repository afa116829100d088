"""Compare a week with what the champion was trained on, and write down what changed."""

from __future__ import annotations

import logging
import time
from datetime import date, timedelta

import pyarrow as pa

from include.adapters import mlflow_documents, warehouse
from include.adapters.files import write_atomically
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.contracts import ChampionRef, DriftResult
from include.core.drift_verdict import judge_drift
from include.core.profile import Profile, add_profiles, count_in
from include.core.share_moves import heaviest_moves
from include.errors import DataError, MissingPartitionError, NoChampionError, NotReadyError, name_some
from include.pages import render_page
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.derived import Derived, read_derived
from include.steps.event_features import read_events

WEEK = warehouse.WEEK
CHARTS = 6
BARS = 12

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, model: str, first: date) -> DriftResult:
    """Measure the seven days from `first` on against the reference profile of the version that served.

    Repeating a week replaces its result and report; with the same data both stay what they were.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    model
        The model's name.
    first
        The week's first day.

    Raises
    ------
    NotReadyError
        When nights of the week are not published yet.
    NoChampionError
        When the version that served has no promotion on record.
    """
    started = time.perf_counter()
    spec = specs.model(model)
    champion = _champion_that_served(settings, model, first)
    reference = Profile.from_json(mlflow_documents.read_reference_profile(settings, champion.run_id))
    derived = read_derived(mlflow_documents.read_model_info(settings, champion.run_id))
    week = _week_profile(settings, specs, spec, first, reference, derived)
    result = _judge(spec, first, champion, reference, week)
    _write_report(settings, spec, result, reference, week)
    with warehouse.transaction(settings) as conn:
        warehouse.record_drift(conn, result)
    log.info(
        "measured drift of %s from %s to %s: %d rows, %d of %d features drifted, %.2f s",
        model, result.first, result.last, result.rows, sum(f.drifted for f in result.features),
        len(result.features), time.perf_counter() - started,
    )  # fmt: skip
    return result


def _champion_that_served(settings: Settings, model: str, first: date) -> ChampionRef:
    """Return the version that served the week's last night."""
    if missing := warehouse.missing_nights(settings, model, first):
        raise NotReadyError(
            f"{len(missing)} of {WEEK.days} nights are not published: {name_some(missing)}",
            where=f"model {model}, week from {first}",
            next_step=f"run the DAG {model}__predict for them, then this week again",
            missing=missing,
        )
    with warehouse.transaction(settings) as conn:
        last_night = warehouse.current_publications(conn, model, first, first + WEEK)[-1]
        champion = warehouse.promoted_version(conn, model, last_night.model_version)
    if champion is None:
        raise NoChampionError(
            f"version {last_night.model_version} served on {last_night.ds} without a promotion on record",
            where=f"model {model}",
            next_step=f"run the DAG {model}__predict for that week again with champion `current`",
        )
    return champion


def _week_profile(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    first: date,
    reference: Profile,
    derived: list[Derived],
) -> Profile:
    lake = Lake(settings.lake_root)
    manifests = lake.clean_manifests(spec.dataset, first, first + WEEK)
    if len(manifests) < WEEK.days:
        raise MissingPartitionError(
            f"{WEEK.days - len(manifests)} clean partitions are gone, although their nights are published",
            where=f"dataset {spec.dataset}, week from {first}",
            next_step=f"run the DAG {spec.dataset}__ingest for that week, then this week again",
        )
    days = (read_events(settings, specs, lake, manifest, derived) for manifest in manifests)
    return add_profiles(
        [_day_profile(rows, manifest, reference) for rows, manifest in zip(days, manifests, strict=True)]
    )


def _day_profile(rows: pa.Table, manifest: CleanManifest, reference: Profile) -> Profile:
    if missing := [name for name in reference.features if name not in rows.column_names]:
        raise DataError(
            f"the partition lacks {name_some(missing)}, which the champion was trained with",
            where=f"dataset {manifest.dataset}, {manifest.ds}",
            next_step="declare it again in the dataset's spec and ingest the day again, or train a version"
            " without it",
            missing=missing,
        )
    return count_in(reference, rows.select(list(reference.features)).to_pandas())


def _judge(
    spec: ModelSpec, first: date, champion: ChampionRef, reference: Profile, week: Profile
) -> DriftResult:
    features = judge_drift(
        reference,
        week,
        false_alarm_rate=spec.drift.false_alarm_rate,
        minimum_effect=spec.drift.minimum_effect,
    )
    return DriftResult(
        model=spec.model,
        first=first,
        last=first + WEEK - timedelta(days=1),
        champion_version=champion.version,
        rows=week.rows,
        drifted=any(feature.drifted for feature in features),
        features=features,
        report=f"{spec.model}/drift/{first}.html",
    )


def _write_report(
    settings: Settings, spec: ModelSpec, result: DriftResult, reference: Profile, week: Profile
) -> None:
    """The page is written before the result that names it."""
    page = render_page(
        "drift.html",
        title=f"Drift of {spec.model}, {result.first} to {result.last}",
        subtitle=f"Champion version {result.champion_version}, {result.rows} rows this week,"
        f" {reference.rows} in the reference",
        spec=spec,
        result=result,
        moved=[feature for feature in result.features if feature.drifted],
        reference_rows=reference.rows,
        retrain_as_of=result.last + timedelta(days=1),
        charts=[
            (
                feature,
                heaviest_moves(reference.features[feature.feature], week.features[feature.feature], BARS),
            )
            for feature in result.features[:CHARTS]
        ],
    )
    write_atomically(settings.reports_root / result.report, page.encode())
