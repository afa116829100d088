"""An ingest from files leaves revisions, a manifest that names the files, and nothing after an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.adapters.lake import Lake
from include.contracts import PartitionRef
from include.errors import DataError, EmptyPartitionError, SourceError
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition
from tests.support.daily_files import csv_of, files_spec, numbered, put
from tests.support.sources import DAY, all_files, inn_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return inn_settings(tmp_path, "sqlite://")


def ingest(settings: Settings, folder: Path, **changes: Any) -> PartitionRef:
    spec = files_spec(folder / "in/{ds}_*.csv", **changes)
    return ingest_partition.run(settings, Specs(datasets={"stays": spec}), "stays", DAY)


def test_the_same_rows_in_other_files_are_the_same_revision(tmp_path: Path, settings: Settings) -> None:
    put(tmp_path / "in/2017-03-01_0.csv", csv_of(*numbered([1, 2, 3])))
    first = ingest(settings, tmp_path)
    put(tmp_path / "in/2017-03-01_0.csv", csv_of(*numbered([3])))
    put(tmp_path / "in/2017-03-01_1.csv", csv_of(*numbered([2, 1])))
    assert ingest(settings, tmp_path) == first
    put(tmp_path / "in/2017-03-01_2.csv", csv_of(*numbered([4])))
    second = ingest(settings, tmp_path)
    assert (second.revision, second.rows) == (2, 4)
    manifest = Lake(settings.lake_root).raw_manifest("stays", DAY)
    assert manifest is not None
    assert manifest.source["files"].startswith("3: 2017-03-01_0.csv (")


def test_a_day_without_files_says_where_it_looked(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(EmptyPartitionError, match=r"looked in path .*/in/2017-03-01_\*\.csv, .* files 0"):
        ingest(settings, tmp_path)
    assert all_files(settings.lake_root) == {}


def test_an_error_in_the_last_row_leaves_nothing(tmp_path: Path, settings: Settings) -> None:
    put(tmp_path / "in/2017-03-01_0.csv", csv_of(*numbered(range(30_000)), "30000,2017-03-01,soon,,,"))
    with pytest.raises(SourceError, match=r"row 30001: column 'arrives' holds 'soon'"):
        ingest(settings, tmp_path)
    assert all_files(settings.lake_root) == {}


def test_a_lost_column_is_told_with_its_past(tmp_path: Path, settings: Settings) -> None:
    put(tmp_path / "in/2017-03-01_0.csv", csv_of(*numbered([1])))
    ingest(settings, tmp_path)
    put(tmp_path / "in/2017-03-01_0.csv", csv_of("1,2017-03-01", header="stay_id,made_at"))
    with pytest.raises(
        DataError, match=r"no column arrives.*since the partition of 2017-03-01: arrives was text"
    ):
        ingest(settings, tmp_path)
