"""One model's whole life by its steps alone: what goes in comes out, and every hash is found again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mlflow import MlflowClient
from sqlalchemy import text

from include.adapters import mlflow_registry, warehouse
from include.adapters.dvc_listing import Listing, read_pointer
from include.adapters.git_registry import run_git
from include.adapters.lake import Lake
from include.contracts import DriftResult, HistoryResult, RetrainRequest, Verdict
from include.demo.schema import HotelTables
from include.demo.seed import fill_source
from include.demo.simulator import simulate
from include.steps import measure_drift, request_retraining
from tests.support.hotel import Hotel, Night, Training, write_specs
from tests.support.servers import installation
from tests.support.sources import all_files

pytestmark = pytest.mark.integration

WINDOW = timedelta(days=240)
FIRST_NIGHT = date(2017, 5, 1)
NIGHTS = [FIRST_NIGHT + timedelta(days=n) for n in range(7)]
MOVED = {"country", "market_segment", "distribution_channel", "agent", "lead_time", "deposit_type"}
"""What the simulated market changes on the first night."""


@dataclass(frozen=True)
class Loop:
    """All that was said while the loop ran."""

    hotel: Hotel
    source: HotelTables
    histories: dict[str, HistoryResult]
    first: Training
    nights: list[Night]
    drift: DriftResult
    request: RetrainRequest
    second: Training

    @property
    def trainings(self) -> list[Training]:
        return [self.first, self.second]

    @property
    def mlflow(self) -> MlflowClient:
        address = self.hotel.settings.mlflow_tracking_uri
        return MlflowClient(address, address)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse about the loop's model."""
        with warehouse.transaction(self.hotel.settings) as conn:
            return [tuple(row) for row in conn.execute(text(query), {"model": self.hotel.model})]


@pytest.fixture(scope="module")
def hotel(
    tmp_path_factory: pytest.TempPathFactory, module_database: Callable[[], str], mlflow_uri: str
) -> Hotel:
    root, model = tmp_path_factory.mktemp("loop"), f"loop_{uuid4().hex[:12]}"
    write_specs(root / "specs", model, f"{WINDOW.days}d")
    connections = {"hotel_pms": module_database()}
    return Hotel(installation(root, module_database(), mlflow_uri, connections, root / "specs"), model)


@pytest.fixture(scope="module")
def loop(hotel: Hotel) -> Loop:
    # Bookings begin before the window: without them its first days would know no outcome.
    source = simulate(FIRST_NIGHT - WINDOW - timedelta(days=60), NIGHTS[-1], rows_per_day=40)
    fill_source(hotel.settings.source_url("hotel_pms"), source)
    histories = hotel.load_history(FIRST_NIGHT)
    first = hotel.train(FIRST_NIGHT)
    nights = [hotel.night(ds) for ds in NIGHTS]
    drift = measure_drift.run(hotel.settings, hotel.specs, hotel.model, FIRST_NIGHT)
    request = request_retraining.run(hotel.settings, hotel.model, drift)
    second = hotel.train(request.as_of)
    return Loop(hotel, source, histories, first, nights, drift, request, second)


def rows_between(frame: Any, column: str, first: date, last_exclusive: date) -> int:
    days = frame[column].map(lambda moment: moment.date() if hasattr(moment, "date") else moment)
    return int(((days >= first) & (days < last_exclusive)).sum())


def test_every_row_of_the_source_is_clean_or_in_quarantine(loop: Loop) -> None:
    first, source = FIRST_NIGHT - WINDOW, loop.source
    for dataset, frame, column in [
        ("bookings", source.bookings, "booked_at"),
        ("booking_outcomes", source.outcomes, "outcome_date"),
    ]:
        history = loop.histories[dataset]
        assert history.partitions == WINDOW.days
        assert history.rows + history.quarantined_rows == rows_between(frame, column, first, FIRST_NIGHT)
    for night in loop.nights:
        assert night.raw.rows == night.clean.rows + night.clean.quarantined_rows
        expected = rows_between(source.bookings, "booked_at", night.raw.ds, night.raw.ds + timedelta(1))
        assert night.raw.rows == expected
    assert sum(night.clean.quarantined_rows for night in loop.nights) > 0


def test_every_clean_row_is_published_once_by_the_first_version(loop: Loop) -> None:
    assert [night.publication.rows for night in loop.nights] == [night.clean.rows for night in loop.nights]
    published = loop.rows(
        "SELECT ds, revision, model_version, count(*), count(DISTINCT entity_key)"
        " FROM perennial.prediction WHERE model = :model GROUP BY ds, revision, model_version ORDER BY ds"
    )
    assert published == [(n.clean.ds, 1, 1, n.clean.rows, n.clean.rows) for n in loop.nights]
    lake = Lake(loop.hotel.settings.lake_root)
    clean = [lake.read_clean(lake.clean_manifest("bookings", ds))["booking_id"] for ds in NIGHTS]
    keys = loop.rows("SELECT entity_key FROM perennial.current_prediction WHERE model = :model")
    assert sorted(int(key) for (key,) in keys) == sorted(key for day in clean for key in day.to_pylist())


def test_the_changed_market_is_found_and_a_successor_asked_for(loop: Loop) -> None:
    found = {feature.feature for feature in loop.drift.features if feature.drifted}
    assert loop.drift.drifted
    assert found & MOVED
    assert (loop.drift.rows, loop.drift.champion_version) == (sum(n.clean.rows for n in loop.nights), 1)
    assert loop.request.as_of == NIGHTS[-1] + timedelta(days=1)
    assert loop.rows("SELECT as_of, source, reason FROM perennial.retrain_request WHERE model = :model") == [
        (loop.request.as_of, "drift", loop.request.reason)
    ]


def test_the_successor_is_judged_beside_the_champion_on_days_that_trained_neither(loop: Loop) -> None:
    first, second = loop.first.evaluation, loop.second.evaluation
    grace, holdout = (timedelta(days) for days in (loop.hotel.spec.label.grace, 28))
    assert (first.champion_version, first.candidate.version) == (None, 1)
    assert (second.champion_version, second.candidate.version) == (1, 2)
    end = loop.request.as_of - grace
    assert (second.holdout_first, second.holdout_last) == (end - holdout, end - timedelta(days=1))
    assert first.holdout_first <= second.holdout_first
    assert second.holdout_rows > 300
    assert set(second.champion_metrics) == set(second.metrics) == set(first.metrics)


def test_decisions_and_promotions_are_on_record(loop: Loop) -> None:
    recorded = loop.rows(
        "SELECT version, gate, verdict, reasons FROM perennial.decision WHERE model = :model ORDER BY 1, 2"
    )
    made = [(t.candidate.version, d) for t in loop.trainings for d in t.evaluation.decisions]
    assert recorded == sorted((version, d.gate, d.verdict.value, d.reasons) for version, d in made)
    promoted = [t for t in loop.trainings if t.promotion.promoted]
    assert promoted[0] is loop.first
    for training in loop.trainings:
        passed = all(d.verdict is Verdict.PASSED for d in training.evaluation.decisions)
        assert training.promotion.promoted == passed
    assert loop.rows(
        "SELECT version, effective_from FROM perennial.promotion WHERE model = :model ORDER BY 1"
    ) == [(t.candidate.version, t.snapshot.as_of) for t in promoted]
    serving = mlflow_registry.champion_alias(loop.hotel.settings, loop.hotel.model)
    assert serving == promoted[-1].candidate.version


def test_the_same_nights_again_add_nothing(loop: Loop) -> None:
    """Repeated after the successor's promotion, by the version that served on them."""
    before = all_files(loop.hotel.settings.lake_root)
    again = [loop.hotel.night(ds) for ds in NIGHTS]
    assert [(n.raw, n.clean, n.champion) for n in again] == [
        (n.raw, n.clean, n.champion) for n in loop.nights
    ]
    assert [n.publication.content_hash for n in again] == [n.publication.content_hash for n in loop.nights]
    assert not any(night.publication.changed for night in again)
    assert all_files(loop.hotel.settings.lake_root) == before
    revisions = "SELECT count(*), max(revision) FROM perennial.publication WHERE model = :model"
    assert loop.rows(revisions) == [(len(NIGHTS), 1)]


def test_the_same_training_again_finds_the_same_version(loop: Loop) -> None:
    assert loop.hotel.fit(FIRST_NIGHT) == loop.first.candidate


def test_the_same_history_in_an_empty_lake_has_the_same_hash(loop: Loop, tmp_path: Path) -> None:
    """Night by night, not in chunks: a snapshot's name depends on rows and contract alone."""
    elsewhere = loop.hotel.settings.model_copy(
        update={"lake_root": tmp_path / "lake", "reports_root": tmp_path / "reports"}
    )
    hotel, here = Hotel(elsewhere, loop.hotel.model), Lake(loop.hotel.settings.lake_root)
    for ds in (FIRST_NIGHT - timedelta(days=1), FIRST_NIGHT):
        manifest = here.clean_manifest("bookings", ds)
        anew = hotel.land("bookings", ds)[1]
        assert manifest is not None
        assert (anew.content_sha256, anew.content_md5) == (manifest.content_sha256, manifest.content_md5)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_plain_dvc_brings_the_very_bytes_back(loop: Loop, tmp_path: Path) -> None:
    snapshot, registry = loop.second.snapshot, loop.hotel.settings.snapshot_registry
    subprocess.run(
        [sys.executable, "-m", "dvc", "get", registry, "bookings", "--rev", snapshot.tag, "-o", "got"],
        cwd=tmp_path,
        env={**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(tmp_path / "site")},
        check=True,
        capture_output=True,
    )
    got = {Path(name).name: content for name, content in all_files(tmp_path / "got").items()}
    lake = Lake(loop.hotel.settings.lake_root)
    manifests = lake.clean_manifests("bookings", snapshot.as_of - WINDOW, snapshot.as_of)
    assert {name: md5(content) for name, content in got.items()} == {
        f"{manifest.ds}.parquet": manifest.content_md5 for manifest in manifests
    }
    for manifest in manifests:
        assert got[f"{manifest.ds}.parquet"] == lake.clean_path(manifest).read_bytes()


def test_the_listings_of_the_tag_are_those_of_the_reference(loop: Loop, tmp_path: Path) -> None:
    registry = Path(loop.hotel.settings.snapshot_registry)
    for training in loop.trainings:
        snapshot = training.snapshot
        for dataset, oid in snapshot.listings.items():
            months = read_pointer(run_git(registry, "show", f"{snapshot.tag}:{dataset}.dvc"))
            objects = registry.parent / "dvc-remote" / "files" / "md5"
            texts = [(objects / part[:2] / part[2:]).read_bytes() for part in months.values()]
            assert [f"{md5(text)}.dir" for text in texts] == list(months.values())
            assert Listing.join(map(Listing.parse, texts)).oid == oid
        oids = json.dumps(snapshot.listings, sort_keys=True).encode()
        assert hashlib.sha256(oids).hexdigest() == snapshot.content_hash
    assert loop.first.snapshot.content_hash != loop.second.snapshot.content_hash


def test_the_snapshot_is_found_on_run_version_and_predictions(loop: Loop) -> None:
    for training in loop.trainings:
        snapshot, candidate = training.snapshot, training.candidate
        run = loop.mlflow.get_run(candidate.run_id)
        version = loop.mlflow.get_model_version(candidate.model, str(candidate.version))
        for tags in (run.data.tags, version.tags):
            assert (tags["dvc_hash"], tags["dvc_tag"]) == (snapshot.content_hash, snapshot.tag)
        assert version.run_id == candidate.run_id
    scored = (
        "SELECT DISTINCT snapshot_tag, snapshot_hash FROM perennial.current_prediction WHERE model = :model"
    )
    snapshot = loop.first.snapshot
    assert loop.rows(scored) == [(snapshot.tag, snapshot.content_hash)]
