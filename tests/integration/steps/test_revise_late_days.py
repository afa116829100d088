from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.adapters.lake import Lake
from include.contracts import HistoryResult
from include.errors import ContractError
from include.settings import Settings
from include.steps import ingest_partition, revise_late_days, validate_partition
from tests.support.sources import DAY, all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs

pytestmark = pytest.mark.integration

DAYS = [DAY + timedelta(days=n) for n in range(6)]
LATENESS = {"lateness": "3d"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path, url)


def sound_rows() -> list[dict[str, Any]]:
    return [stay(10 * number + n, day) for number, day in enumerate(DAYS) for n in range(3)]


def ingest(settings: Settings, *days: date) -> None:
    for day in days:
        validate_partition.run(
            settings, stays_specs(), ingest_partition.run(settings, stays_specs(), "stays", day)
        )


def revise(settings: Settings, ds: date, **changes: Any) -> HistoryResult | None:
    return revise_late_days.run(settings, stays_specs(**{**LATENESS, **changes}), "stays", ds)


def revisions(settings: Settings) -> dict[date, int]:
    found = Lake(settings.lake_root).clean_manifests("stays", DAYS[0], DAYS[-1] + timedelta(days=1))
    return {manifest.ds: manifest.revision for manifest in found}


def test_rows_that_came_late_make_new_revisions_as_far_back_as_the_spec_says(
    settings: Settings, url: str
) -> None:
    put_stays(url, sound_rows())
    ingest(settings, *DAYS)
    put_stays(url, [*sound_rows(), stay(500, DAYS[1]), stay(501, DAYS[2]), stay(502, DAYS[5])])
    result = revise(settings, DAYS[5])
    assert result is not None
    assert (result.first, result.last, result.partitions, result.written) == (DAYS[2], DAYS[4], 3, 1)
    assert revisions(settings) == {day: 2 if day == DAYS[2] else 1 for day in DAYS}
    raw = Lake(settings.lake_root).raw_manifest("stays", DAYS[2])
    assert raw is not None
    assert str(raw.changes) == "1 added, 0 removed, 0 altered"


def test_nothing_late_writes_nothing(settings: Settings, url: str) -> None:
    put_stays(url, sound_rows())
    ingest(settings, *DAYS)
    before = all_files(settings.lake_root)
    result = revise(settings, DAYS[5])
    assert result is not None
    assert result.written == 0
    assert all_files(settings.lake_root) == before


def test_a_day_without_a_partition_is_left_to_its_own_run(settings: Settings, url: str) -> None:
    put_stays(url, sound_rows())
    ingest(settings, DAYS[1], DAYS[3])
    put_stays(url, [*sound_rows(), stay(500, DAYS[1]), stay(501, DAYS[2])])
    result = revise(settings, DAYS[4])
    assert result is not None
    assert (result.partitions, result.written) == (2, 1)
    assert revisions(settings) == {DAYS[1]: 2, DAYS[3]: 1}


@pytest.mark.parametrize(
    ("ds", "changes"),
    [
        pytest.param(DAYS[0], {"start": DAYS[0]}, id="the first day"),
        pytest.param(DAYS[5], {"lateness": None}, id="no lateness"),
        pytest.param(DAYS[5], {}, id="an empty lake"),
    ],
)
def test_where_no_day_lies_before_nothing_is_read(
    settings: Settings, ds: date, changes: dict[str, Any]
) -> None:
    assert revise(settings, ds, **changes) is None


def test_a_late_row_that_refuses_its_day_is_named_and_the_old_revision_stands(
    settings: Settings, url: str
) -> None:
    put_stays(url, sound_rows())
    ingest(settings, *DAYS)
    put_stays(url, [*sound_rows(), stay(20, DAYS[2]), stay(501, DAYS[3])])
    with pytest.raises(ContractError, match=r"1 day\(s\) refused.*2017-03-03"):
        revise(settings, DAYS[5])
    assert revisions(settings) == {day: 2 if day == DAYS[3] else 1 for day in DAYS}
