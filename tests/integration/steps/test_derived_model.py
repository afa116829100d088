"""A model with derived features through freeze, training, evaluation, a night and the weekly check."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from include.adapters import mlflow_documents, mlflow_models, warehouse
from include.adapters.lake import Lake
from include.contracts import CandidateRef, ChampionRef, SnapshotRef
from include.core.pipeline import score
from include.errors import MissingPartitionError
from include.settings import Settings
from include.specs import Specs
from include.specs.derived import read_derived
from include.steps import (
    evaluate_candidate,
    freeze_snapshot,
    measure_drift,
    predict_partition,
    train_candidate,
)
from include.steps.event_features import read_events
from include.steps.snapshot_training_set import load_training_set
from tests.support.model_specs import BASE
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

AS_OF = FIRST + timedelta(days=50)
WEEK = AS_OF
DERIVED = [
    {
        "name": "kind_7d", "from": "events", "by": ["kind"], "window": "7d", "compute": "mean",
        "column": "size",
    },
    {"name": "seen_before", "from": "outcomes", "by": ["id"], "window": "20d", "compute": "count"},
]  # fmt: skip
FEATURES = {"numeric": ["size", "kind_7d", "seen_before"], "categorical": ["kind"]}
TRAINING = {**BASE["training"], "window": "35d"}


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, WEEK + timedelta(days=6))
    return shop


def specs(shop: Shop, derived: list[dict[str, Any]] = DERIVED) -> Specs:
    found = shop.specs(derived=derived, features=FEATURES, training=TRAINING)
    # Nothing is due in the first three days: outcomes begin later.
    later = found.datasets["outcomes"].model_copy(update={"start": FIRST + timedelta(days=3)})
    return Specs(datasets={**found.datasets, "outcomes": later}, models=found.models)


def freeze(shop: Shop) -> SnapshotRef:
    return freeze_snapshot.run(shop.settings, specs(shop), shop.model, AS_OF)


def train(shop: Shop, found: Specs) -> CandidateRef:
    snapshot = freeze_snapshot.run(shop.settings, found, shop.model, AS_OF)
    return train_candidate.run(shop.settings, found, shop.model, snapshot, "commit", "lock")


def serve(shop: Shop, candidate: CandidateRef) -> ChampionRef:
    champion = ChampionRef(
        model=shop.model, version=candidate.version, run_id=candidate.run_id, effective_from=FIRST,
        artifact_sha256=candidate.artifact_sha256, snapshot_tag=candidate.snapshot.tag,
        snapshot_hash=candidate.snapshot.content_hash,
    )  # fmt: skip
    with warehouse.transaction(shop.settings) as conn:
        warehouse.record_promotion(conn, **champion.model_dump(), reasons=["for the test"])
    return champion


def test_a_snapshot_reaches_back_as_far_as_its_features_look(shop: Shop) -> None:
    snapshot = freeze(shop)
    assert snapshot.first == AS_OF - timedelta(days=35)
    assert snapshot.partitions == (35 + 7) + (35 + 12)
    events, data = load_training_set(
        shop.settings, specs(shop), specs(shop).model(shop.model), snapshot, FEATURES["numeric"]
    )
    assert (len(events), data.counts.rows) == (35 * 40, 35 * 40)
    assert events["kind_7d"].notna().all()


def test_a_hole_in_the_look_back_is_not_frozen(shop: Shop) -> None:
    gone = shop.settings.lake_root / "events" / str(AS_OF - timedelta(days=40)) / "clean" / "0001.json"
    gone.unlink()
    with pytest.raises(
        MissingPartitionError, match=f"look back at are missing: {AS_OF - timedelta(days=40)}"
    ):
        freeze(shop)


def test_a_night_is_scored_with_the_features_of_training(shop: Shop) -> None:
    found = specs(shop)
    candidate = train(shop, found)
    champion = serve(shop, candidate)
    evaluated = evaluate_candidate.run(shop.settings, found, shop.model, candidate)
    assert evaluated.holdout_rows > 0
    for offset in range(7):
        ds = WEEK + timedelta(days=offset)
        predict_partition.run(shop.settings, found, shop.model, ds, champion, f"night {ds}")

    info = mlflow_documents.read_model_info(shop.settings, candidate.run_id)
    lake = Lake(shop.settings.lake_root)
    manifest = lake.clean_manifest("events", WEEK)
    assert manifest is not None
    rows = read_events(shop.settings, found, lake, manifest, read_derived(info)).to_pandas()
    pipeline = mlflow_models.load_version(
        shop.settings, shop.model, champion.version, champion.run_id, champion.artifact_sha256
    )
    expected = dict(zip(rows["id"], score(pipeline, rows, found.model(shop.model).features), strict=True))
    assert _published(shop, WEEK) == expected

    result = measure_drift.run(shop.settings, found, shop.model, WEEK)
    assert {one.feature for one in result.features} == {*FEATURES["numeric"], *FEATURES["categorical"]}


def _published(shop: Shop, ds: date) -> dict[int, float]:
    query = text("SELECT entity_key, score FROM perennial.current_prediction WHERE model = :m AND ds = :ds")
    with warehouse.transaction(shop.settings) as conn:
        return {int(row.entity_key): row.score for row in conn.execute(query, {"m": shop.model, "ds": ds})}


def test_a_version_keeps_its_own_definition_of_a_feature(shop: Shop) -> None:
    """The successor gives the same name another meaning; each rival is judged by what it learned from."""
    first = train(shop, specs(shop))
    serve(shop, first)
    other = [{**DERIVED[0], "window": "9d"}, DERIVED[1]]
    second = train(shop, specs(shop, other))
    assert second.version != first.version

    alone = evaluate_candidate.run(shop.settings, specs(shop), shop.model, first)
    against = evaluate_candidate.run(shop.settings, specs(shop, other), shop.model, second)

    assert against.champion_metrics == alone.metrics
    assert against.metrics != alone.metrics


def test_a_snapshot_without_what_the_champion_looks_at_is_named(shop: Shop) -> None:
    serve(shop, train(shop, specs(shop)))
    short = shop.specs(features={"numeric": ["size"], "categorical": ["kind"]}, training=TRAINING)
    bare = Specs(datasets=specs(shop).datasets, models=short.models)
    candidate = train(shop, bare)
    with pytest.raises(MissingPartitionError, match=r"look back at are missing: .*keep the derived"):
        evaluate_candidate.run(shop.settings, bare, shop.model, candidate)
