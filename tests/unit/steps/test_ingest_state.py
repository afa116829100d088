"""A source that holds only its present state never fills another day than the one that just ended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from include.adapters.lake import Lake
from include.contracts import PartitionRef
from include.errors import FatalError
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition, load_history
from tests.support.sources import (
    COLUMNS,
    DAY,
    all_files,
    inn_settings,
    put_stays,
    sqlite_url,
    stay,
    stays_specs,
)

THE_MORNING_AFTER = datetime(2017, 3, 2, 2, tzinfo=UTC)
A_WEEK_LATER = datetime(2017, 3, 8, 2, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path, url)


def specs(**source: str) -> Specs:
    fields = {"kind": "sql", "connection": "inn", "load": "state", **(source or {"table": "stays"})}
    return stays_specs(source=fields, event_time="as_of", columns={**COLUMNS, "as_of": "date"})


def ingest(settings: Settings, read_at: datetime | None) -> PartitionRef:
    return ingest_partition.run(settings, specs(), "stays", DAY, read_at)


def test_the_state_of_a_day_is_read_once_it_is_over(settings: Settings, url: str) -> None:
    put_stays(url, [stay(2, date(2017, 1, 5)), stay(1)])
    ref = ingest(settings, THE_MORNING_AFTER)
    manifest = Lake(settings.lake_root).raw_manifest("stays", DAY)
    assert manifest is not None
    rows = Lake(settings.lake_root).read_raw(manifest)
    assert (ref.rows, rows["stay_id"].to_pylist(), set(rows["as_of"].to_pylist())) == (2, [1, 2], {DAY})
    assert manifest.source == {"connection": "inn", "table": "stays", "load": "state", "as_of": "2017-03-01"}


@pytest.mark.parametrize("read_at", [THE_MORNING_AFTER, A_WEEK_LATER, None])
def test_a_state_that_is_there_stands(settings: Settings, url: str, read_at: datetime | None) -> None:
    put_stays(url, [stay(1)])
    first, before = ingest(settings, THE_MORNING_AFTER), all_files(settings.lake_root)
    put_stays(url, [stay(1, price=99.0), stay(2)])
    assert ingest(settings, read_at) == first
    assert all_files(settings.lake_root) == before


@pytest.mark.parametrize("read_at", [A_WEEK_LATER, None], ids=["a week later", "a backfill"])
def test_an_older_day_is_not_filled_with_todays_rows(
    settings: Settings, url: str, read_at: datetime | None
) -> None:
    put_stays(url, [stay(1)])
    with pytest.raises(FatalError, match="holds only its present state"):
        ingest(settings, read_at)
    assert all_files(settings.lake_root) == {}


def test_a_query_that_is_asked_for_its_day_may_be_backfilled(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1, date(2017, 1, 5)), stay(2), stay(3, date(2017, 3, 2))])
    dated = specs(query="SELECT * FROM stays WHERE date(made_at) <= :ds")
    assert ingest_partition.run(settings, dated, "stays", DAY).rows == 2
    put_stays(url, [stay(1, date(2017, 1, 5), price=51.0), stay(2), stay(3, date(2017, 3, 2))])
    assert ingest_partition.run(settings, dated, "stays", DAY).revision == 2


def test_a_history_of_present_states_is_refused(settings: Settings, url: str) -> None:
    put_stays(url, [stay(1)])
    with pytest.raises(FatalError, match="present"):
        load_history.run(settings, specs(), "stays", DAY, date(2017, 3, 3))
    assert all_files(settings.lake_root) == {}
