"""A row has the same features on the night it is scored as in the training set it comes into later."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include.adapters.feature_rows import PartitionFiles
from include.adapters.lake import Lake
from include.errors import DataError, IntegrityError, MissingPartitionError
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.derived import Derived
from include.steps.event_features import read_events
from include.steps.snapshot_training_set import write_training_set
from tests.support.model_specs import BASE
from tests.support.partitions import commit_clean
from tests.support.visits import START, by_day, dataset, moment, states, table, visits

DAYS = 8
LAST = START + timedelta(days=DAYS - 1)
OUTCOMES = {"id": "integer", "at": "date", "happened": "integer"}
KINDS: list[dict[str, Any]] = [
    {"from": "visits", "by": ["customer"], "window": "3d", "compute": "count"},
    {"from": "visits", "by": ["customer"], "window": "3d", "compute": "sum", "column": "spend"},
    {"from": "visits", "by": ["customer"], "window": "2d", "compute": "mean", "column": "spend"},
    {"from": "visits", "by": ["customer"], "window": "3d", "compute": "stddev", "column": "spend"},
    {"from": "visits", "by": ["shop"], "window": "1d", "compute": "max", "column": "spend"},
    {"from": "visits", "by": ["customer"], "latest": "shop", "within": "2d"},
    {"from": "states", "by": ["customer"], "window": "2d", "compute": "sum", "column": "balance"},
    {"from": "states", "by": ["customer"], "latest": "tier", "within": "3d"},
    {"from": "outcomes", "by": ["id"], "window": "3d", "compute": "count"},
]
NAMES = [f"feature_{number}" for number in range(len(KINDS))]
DERIVED = [Derived.model_validate({"name": name, **kind}) for name, kind in zip(NAMES, KINDS, strict=True)]


def specs(**visits_changes: Any) -> Specs:
    """Return a model of visits whose outcomes are dated by day."""
    model = ModelSpec.model_validate(
        {
            **BASE,
            "dataset": "visits",
            "label": {"dataset": "outcomes", "column": "happened", "mature_at": "due", "grace": "1d"},
            "derived": [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in DERIVED],
            "features": {"numeric": ["spend"]},
        }
    )
    datasets = {
        "visits": visits(**visits_changes), "states": states(),
        "outcomes": dataset("outcomes", OUTCOMES, "at"),
    }  # fmt: skip
    return Specs(datasets=datasets, models={model.model: model})


def settings_at(root: Path) -> Settings:
    return Settings(
        lake_root=root / "lake", reports_root=root / "reports", snapshot_registry="", mlflow_tracking_uri="",
        work_root=root / "work", specs_root=root,
    )  # fmt: skip


def ingest(root: Path, found: Specs, rows: dict[str, list[dict[str, Any]]], last: date = LAST) -> Lake:
    """Commit a clean partition for every day of each dataset."""
    lake = Lake(root / "lake")
    for name, spec in found.datasets.items():
        for day, listed in by_day(spec, rows.get(name, []), last).items():
            partition = table(spec, listed)
            commit_clean(lake, lake.commit_raw(name, day, partition, spec.columns, {}), partition)
    return lake


def visit(number: int, day: int, hour: int, **values: Any) -> dict[str, Any]:
    known = {"customer": 1, "shop": "a", "spend": 1.0, "items": 1, "member": True, **values}
    return {"id": number, "at": moment(day, hour), "due": START, **known}


numbers = st.one_of(st.none(), st.floats(-1e4, 1e4), st.sampled_from([-0.0, 0.1]))
visited = st.tuples(
    st.integers(0, DAYS - 1), st.integers(0, 23), st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.sampled_from("ab")), numbers,
)  # fmt: skip
stated = st.tuples(
    st.integers(0, DAYS - 1), st.integers(0, 23), st.integers(1, 3), st.sampled_from(["a", None]), numbers
)


@hypothesis_settings(max_examples=10, deadline=None)
@given(st.lists(visited, max_size=40), st.lists(stated, max_size=20))
def test_features_of_a_night_are_those_of_training(
    tmp_path_factory: pytest.TempPathFactory, visits_seen: list[Any], states_seen: list[Any]
) -> None:
    root, found = tmp_path_factory.mktemp("both"), specs()
    rows = {
        "visits": [visit(n, d, h, customer=c, shop=s, spend=x)
                   for n, (d, h, c, s, x) in enumerate(sorted(visits_seen, key=lambda row: row[0]))],
        "states": [{"id": n, "seen": moment(d, h), "customer": c, "tier": t, "balance": b}
                   for n, (d, h, c, t, b) in enumerate(sorted(states_seen, key=lambda row: row[0]))],
        "outcomes": [{"id": n, "at": START + timedelta(days=n % DAYS), "happened": 1} for n in range(30)],
    }  # fmt: skip
    lake = ingest(root, found, rows)

    nights = [
        read_events(settings_at(root), found, lake, manifest, DERIVED)
        for manifest in lake.clean_manifests("visits", START, LAST + timedelta(days=1))
    ]

    files = {
        name: PartitionFiles(
            spec.columns,
            {m.ds: lake.clean_path(m) for m in lake.clean_manifests(name, START, LAST + timedelta(days=1))},
        )
        for name, spec in found.datasets.items()
    }
    path = root / "set.parquet"
    write_training_set(
        root / "work", found, found.model("demo"), None, files, ["spend", *NAMES], DERIVED, path
    )
    trained = pq.read_table(path).select(["id", *NAMES])
    scored = pa.concat_tables(nights).select(["id", *NAMES])
    assert scored.schema.equals(trained.schema)
    assert scored.to_pylist() == trained.to_pylist()


def test_the_partitions_own_columns_and_order_stay(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {"visits": [visit(9 - n, 5, n) for n in range(5)]})
    manifest = lake.clean_manifest("visits", START + timedelta(days=5))
    assert manifest is not None
    rows = read_events(settings_at(tmp_path), found, lake, manifest, DERIVED)
    assert rows.select(list(found.dataset("visits").columns)).equals(lake.read_clean(manifest))
    assert rows["feature_0"].to_pylist() == [0, 1, 2, 3, 4]


def test_missing_days_that_are_looked_back_at_are_named(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {})
    (gone,) = (tmp_path / "lake/states" / str(START + timedelta(days=3)) / "clean").glob("*.json")
    gone.unlink()
    manifest = lake.clean_manifest("visits", START + timedelta(days=5))
    assert manifest is not None
    with pytest.raises(
        MissingPartitionError, match=r"dataset states, .*: 2024-01-04\..*states__load_history"
    ):
        read_events(settings_at(tmp_path), found, lake, manifest, DERIVED)


def test_days_before_a_dataset_began_are_not_missed(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {"visits": [visit(1, 0, 3), visit(2, 0, 4)]})
    manifest = lake.clean_manifest("visits", START)
    assert manifest is not None
    assert read_events(settings_at(tmp_path), found, lake, manifest, DERIVED)["feature_0"].to_pylist() == [
        0,
        1,
    ]


def test_damaged_rows_are_not_looked_back_at(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {})
    before = lake.clean_manifest("states", START + timedelta(days=4))
    manifest = lake.clean_manifest("visits", START + timedelta(days=5))
    assert before is not None
    assert manifest is not None
    path = lake.clean_path(before)
    path.write_bytes(path.read_bytes() + b"?")
    with pytest.raises(IntegrityError):
        read_events(settings_at(tmp_path), found, lake, manifest, DERIVED)


def test_infinity_in_days_looked_back_at_is_named_with_the_partition(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {"visits": [visit(1, 4, 3, spend=float("inf")), visit(2, 5, 3)]})
    manifest = lake.clean_manifest("visits", START + timedelta(days=5))
    assert manifest is not None
    with pytest.raises(DataError, match=r"dataset visits, 2024-01-06: .*inf"):
        read_events(settings_at(tmp_path), found, lake, manifest, DERIVED)


def test_nothing_derived_reads_nothing_else(tmp_path: Path) -> None:
    found = specs()
    lake = ingest(tmp_path, found, {"visits": [visit(1, 5, 3)]})
    manifest = lake.clean_manifest("visits", START + timedelta(days=5))
    assert manifest is not None
    assert read_events(settings_at(tmp_path), found, lake, manifest, []).equals(lake.read_clean(manifest))
