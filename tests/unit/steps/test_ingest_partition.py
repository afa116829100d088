from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from include.adapters.lake import Lake
from include.contracts import PartitionRef
from include.errors import ConcurrentWriteError, EmptyPartitionError, FatalError, SettingsError, SourceError
from include.settings import Settings
from include.steps import ingest_partition
from tests.support.sources import DAY, all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs
from tests.support.sql_rows import after_the_first_read


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path, url)


def ingest(settings: Settings, ds: date = DAY) -> PartitionRef:
    return ingest_partition.run(settings, stays_specs(), "stays", ds)


def test_a_day_lands_as_a_partition(settings: Settings, url: str) -> None:
    put_stays(url, [stay(2), stay(1), stay(3, date(2017, 3, 2))])
    ref = ingest(settings)
    manifest = Lake(settings.lake_root).raw_manifest("stays", DAY)
    assert manifest is not None
    assert (ref.rows, ref.revision, ref.content_sha256) == (2, 1, manifest.content_sha256)
    assert manifest.source == {
        "connection": "inn",
        "table": "stays",
        "event_time": "made_at",
        "first": "2017-03-01",
        "last_exclusive": "2017-03-02",
    }
    assert Lake(settings.lake_root).read_raw(manifest)["stay_id"].to_pylist() == [1, 2]


def test_a_rerun_over_the_same_rows_in_another_order_changes_nothing(settings: Settings, url: str) -> None:
    rows = [stay(1), stay(2), stay(2, guest="Bo"), stay(2, guest=None)]
    put_stays(url, rows)
    first, before = ingest(settings), all_files(settings.lake_root)
    put_stays(url, reversed(rows))
    assert ingest(settings) == first
    assert all_files(settings.lake_root) == before


def test_a_correction_in_the_source_is_a_new_revision(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1)])
    first = ingest(settings)
    put_stays(url, [stay(1, price=51.0)])
    second = ingest(settings)
    assert (first.revision, second.revision) == (1, 2)
    assert first.content_sha256 != second.content_sha256


def test_a_day_without_rows_is_an_error_and_writes_nothing(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1, date(2017, 3, 2))])
    with pytest.raises(EmptyPartitionError, match=r"stays 2017-03-01.*Next: .*min_rows"):
        ingest(settings)
    assert all_files(settings.lake_root) == {}


def test_a_day_without_rows_is_a_partition_where_the_budget_says_so(settings: Settings, url: str) -> None:
    put_stays(url, [])
    specs = stays_specs(budgets={"quarantine_share": 0, "min_rows": 0})
    assert ingest_partition.run(settings, specs, "stays", DAY).rows == 0


@pytest.mark.parametrize("day", [date(2016, 12, 31), date(2017, 12, 1), date.max])
def test_a_day_outside_the_dataset_is_refused(settings: Settings, url: str, day: date) -> None:
    put_stays(url, [stay(1)])
    specs = stays_specs(end=date(2017, 11, 30), budgets={"quarantine_share": 0, "min_rows": 0})
    with pytest.raises(FatalError, match=rf"dataset stays: {day} is outside .* 2017-01-01 to 2017-11-30"):
        ingest_partition.run(settings, specs, "stays", day)
    assert all_files(settings.lake_root) == {}


def test_a_broken_source_writes_nothing(settings: Settings) -> None:
    with pytest.raises(SourceError, match="no table 'stays'"):
        ingest(settings)
    assert all_files(settings.lake_root) == {}


def test_an_undefined_connection_is_named(tmp_path: Path, settings: Settings) -> None:
    bare = settings.model_copy(update={"connections": {}})
    with pytest.raises(SettingsError, match="'inn'"):
        ingest(bare)


def test_a_run_overtaken_while_it_read_is_told(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, [stay(1)])

    def overtake() -> None:
        put_stays(url, [stay(1), stay(2)])
        ingest(settings)

    after_the_first_read(monkeypatch, overtake)
    with pytest.raises(ConcurrentWriteError):
        ingest(settings)
    assert ingest(settings).rows == 2
