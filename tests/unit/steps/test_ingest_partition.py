from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from include.adapters import ordered_rows
from include.adapters.lake import Lake
from include.adapters.lake_manifests import RawManifest
from include.adapters.sources.sql import SqlReader
from include.contracts import PartitionRef, RowChanges
from include.errors import (
    ConcurrentWriteError,
    EmptyPartitionError,
    FatalError,
    SettingsError,
    SourceError,
    SourceUnavailableError,
)
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


def manifest_of(settings: Settings, ds: date = DAY) -> RawManifest:
    manifest = Lake(settings.lake_root).raw_manifest("stays", ds)
    assert manifest is not None
    return manifest


def alter_table(url: str, statement: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def test_a_revision_says_what_changed(settings: Settings, url: str, caplog: pytest.LogCaptureFixture) -> None:
    put_stays(url, [stay(1), stay(2), stay(3), stay(4)])
    assert ingest(settings).changes is None
    put_stays(url, [stay(1), stay(2, price=51.0), stay(3, price=None, guest="Bo"), stay(5)])
    with caplog.at_level("INFO"):
        changes = ingest(settings).changes
    assert changes == manifest_of(settings).changes
    assert changes == RowChanges(added=1, removed=1, altered=2, altered_columns={"guest": 1, "price": 2})
    assert "revision 2: 1 added, 1 removed, 2 altered (guest 1, price 2)," in caplog.text
    assert ingest(settings).changes == changes


def test_where_the_revision_before_is_lost_the_new_one_stands_without_changes(
    settings: Settings, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(url, [stay(1)])
    ingest(settings)
    Lake(settings.lake_root).raw_path(manifest_of(settings)).write_bytes(b"rust")
    put_stays(url, [stay(2)])
    second = ingest(settings)
    assert (second.revision, second.changes) == (2, None)
    assert "the rows of revision 1 are lost" in caplog.text


def test_columns_of_the_source_are_recorded_and_a_new_one_is_logged_once(
    settings: Settings, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    days = [DAY, date(2017, 3, 2), date(2017, 3, 3)]
    put_stays(url, [stay(n, day) for n, day in enumerate(days)])
    ingest(settings, days[0])
    assert manifest_of(settings).source_columns["guest"] == "TEXT"
    alter_table(url, "ALTER TABLE stays ADD COLUMN channel VARCHAR(8)")
    for day in days[1:]:
        ingest(settings, day)
    assert manifest_of(settings, days[1]).source_columns["channel"] == "VARCHAR(8)"
    news = "the source has a new column channel (VARCHAR(8)) that the spec does not declare"
    assert caplog.text.count(news) == 1


def test_a_lost_column_is_named_with_the_type_it_had(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1), stay(2, date(2017, 3, 2))])
    ingest(settings)
    before = all_files(settings.lake_root)
    alter_table(url, "ALTER TABLE stays DROP COLUMN price")
    with pytest.raises(SourceError, match=r"since the partition of 2017-03-01: price was FLOAT, it is gone"):
        ingest(settings, date(2017, 3, 2))
    assert all_files(settings.lake_root) == before


def test_a_type_that_does_not_fit_any_longer_is_named_with_the_old_one(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1)])
    ingest(settings)
    put_stays(url, [stay(1, price="free")], price=sa.Text())
    with pytest.raises(SourceError, match=r"'free'.*price was FLOAT, it is TEXT now\. Next: .*`columns`"):
        ingest(settings)


def test_a_type_that_still_fits_passes_and_is_recorded(
    settings: Settings, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(url, [stay(1)], stay_id=sa.Integer())
    ingest(settings)
    put_stays(url, [stay(1), stay(2)])
    ingest(settings)
    assert manifest_of(settings).source_columns["stay_id"] == "BIGINT"
    assert "column stay_id of the source was INTEGER and is BIGINT now; it still fits" in caplog.text


@pytest.mark.parametrize("held", [ordered_rows.HELD_BYTES, -1], ids=["small", "large"])
def test_a_source_that_breaks_off_keeps_nothing_and_a_retry_works(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    put_stays(url, [stay(n) for n in (3, 1, 2)])
    monkeypatch.setattr(ordered_rows, "HELD_BYTES", held)
    read = SqlReader.read

    def break_off(source: SqlReader, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        yield from read(source, first, last_exclusive)
        raise SourceUnavailableError("the line is dead")

    with monkeypatch.context() as broken:
        broken.setattr(SqlReader, "read", break_off)
        with pytest.raises(SourceUnavailableError, match="the line is dead"):
            ingest(settings)
    assert all_files(settings.lake_root) == {}
    assert ingest(settings).rows == 3
    assert all_files(settings.work_root) == {}


def test_a_large_partition_has_the_bytes_it_would_have_if_it_were_small(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_stays(url, [stay(n % 50, guest=f"guest {n * 37 % 100}") for n in range(100)])
    small = ingest(settings)
    monkeypatch.setattr(ordered_rows, "HELD_BYTES", -1)
    other = inn_settings(tmp_path / "large", url)
    assert ingest(other) == small
    assert all_files(other.lake_root) == all_files(settings.lake_root)
