"""Which snapshots a collection keeps, against real git, DVC, MLflow and PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from include.adapters import mlflow_registry, mlflow_runs, warehouse
from include.adapters.dvc_reader import open_snapshot
from include.adapters.git_registry import run_git
from include.adapters.mlflow_client import mlflow_client
from include.adapters.mlflow_registry import UploadedModel
from include.contracts import ChampionRef, GarbageResult, SnapshotRef
from include.errors import IntegrityError
from include.settings import Settings
from include.steps import collect_snapshot_garbage, freeze_snapshot
from tests.support.shop import FIRST, Shop

pytestmark = pytest.mark.integration

LONG_AFTER = date(2100, 1, 1)


@pytest.fixture
def shop(settings: Settings) -> Shop:
    shop = Shop(settings)
    shop.write_days(FIRST, FIRST + timedelta(days=39))
    return shop


@pytest.fixture
def snapshots(shop: Shop) -> list[SnapshotRef]:
    """Of five days each, frozen one after another."""
    days = [FIRST + timedelta(days=offset) for offset in (8, 16, 24, 32)]
    specs = shop.specs(training={**SHORT, "window": "5d"})
    return [freeze_snapshot.run(shop.settings, specs, shop.model, day) for day in days]


SHORT = {
    "validation": "1d", "holdout": "1d", "min_rows": 10,
    "estimator": "hist_gradient_boosting", "params": {"max_iter": 20}, "seed": 7,
}  # fmt: skip


def register(shop: Shop, snapshot: SnapshotRef) -> int:
    """Register a version that was trained on the snapshot, as far as MLflow is concerned."""
    settings = shop.settings
    run_id = mlflow_runs.start_run(settings, shop.model, snapshot.tag, "training", {})
    with mlflow_client(settings) as client:
        experiment = client.get_run(run_id).info.experiment_id
        logged = client.create_logged_model(experiment, shop.model, run_id)
        client.finalize_logged_model(logged.model_id, "READY")
    uploaded = UploadedModel(logged.model_id, "0" * 64)
    tags = {"dvc_tag": snapshot.tag}
    return mlflow_registry.register_version(settings, shop.model, run_id, uploaded, tags).version


def delete_version(shop: Shop, version: int) -> None:
    with mlflow_client(shop.settings) as client:
        client.delete_model_version(shop.model, str(version))


def promote(shop: Shop, version: int, snapshot: SnapshotRef) -> None:
    champion = ChampionRef(
        model=shop.model, version=version, run_id="r", effective_from=snapshot.as_of,
        artifact_sha256="0" * 64, snapshot_tag=snapshot.tag, snapshot_hash=snapshot.content_hash,
    )  # fmt: skip
    with warehouse.transaction(shop.settings) as conn:
        warehouse.record_promotion(conn, **champion.model_dump(), reasons=["good"])


def collect(shop: Shop, *, dry_run: bool = False, newest: int = 1) -> GarbageResult:
    return collect_snapshot_garbage.run(shop.settings, LONG_AFTER, newest=newest, days=1, dry_run=dry_run)


def read_all(shop: Shop, snapshot: SnapshotRef) -> int:
    with open_snapshot(shop.settings.snapshot_registry, snapshot, shop.settings.work_root) as reader:
        return sum(len(reader.paths(dataset)) for dataset in snapshot.listings)


def tags(shop: Shop) -> set[str]:
    return set(run_git(shop.settings.work_root.parent / "registry.git", "tag").split())


def test_what_registered_versions_were_trained_on_still_reads(
    shop: Shop, snapshots: list[SnapshotRef]
) -> None:
    first, second, third, fourth = snapshots
    register(shop, second)
    dry = collect(shop, dry_run=True)
    assert tags(shop) == {item.tag for item in snapshots}
    done = collect(shop)
    assert done == dry.model_copy(update={"dry_run": False})
    assert done.removed_tags == [first.tag, third.tag]
    assert done.bytes > 0
    assert tags(shop) == {second.tag, fourth.tag}
    assert [read_all(shop, item) for item in (second, fourth)] == [second.partitions, fourth.partitions]
    with pytest.raises(IntegrityError, match="the tag is gone"):
        read_all(shop, first)
    assert collect(shop).tags == 0


def test_what_ever_served_stays_although_its_version_was_deleted(
    shop: Shop, snapshots: list[SnapshotRef]
) -> None:
    retired, serving = snapshots[0], snapshots[1]
    promote(shop, register(shop, retired), retired)
    promote(shop, register(shop, serving), serving)
    delete_version(shop, 1)
    collect(shop)
    assert tags(shop) == {retired.tag, serving.tag, snapshots[3].tag}
    assert read_all(shop, retired) == retired.partitions


def test_a_deleted_version_that_never_served_keeps_nothing(shop: Shop, snapshots: list[SnapshotRef]) -> None:
    version = register(shop, snapshots[0])
    delete_version(shop, version)
    collect(shop, newest=2)
    assert tags(shop) == {item.tag for item in snapshots[2:]}


def test_the_wrong_mlflow_server_is_noticed(shop: Shop, snapshots: list[SnapshotRef]) -> None:
    promote(shop, 9, snapshots[0])
    with pytest.raises(IntegrityError, match=f"does not know what serves: {shop.model} version 9"):
        collect(shop)
    assert tags(shop) == {item.tag for item in snapshots}


def test_young_snapshots_and_objects_stay(shop: Shop, snapshots: list[SnapshotRef]) -> None:
    done = collect_snapshot_garbage.run(shop.settings, snapshots[0].as_of, newest=1, days=1, dry_run=False)
    assert (done.tags, done.objects) == (0, 0)
