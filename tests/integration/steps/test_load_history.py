from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.adapters.lake import Lake
from include.adapters.sources.sql import SqlReader
from include.contracts import HistoryResult
from include.errors import ConcurrentWriteError, ContractError, FatalError, SourceError
from include.settings import Settings
from include.specs import Specs
from include.steps import ingest_partition, load_history, validate_partition
from tests.support.sources import all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs
from tests.support.sql_rows import after_the_first_read

pytestmark = pytest.mark.integration

FIRST = date(2017, 2, 25)
DAYS = [FIRST + timedelta(days=n) for n in range(10)]
LAST = DAYS[-1]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path / "bulk", url)


@pytest.fixture
def specs() -> Specs:
    return stays_specs()


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_history, "CHUNK_DAYS", 4)


def mixed_rows() -> list[dict[str, Any]]:
    """Ten days; keys repeat from day to day, some rows are broken, one day is missing."""
    rows = []
    for number, day in enumerate(DAYS):
        if number == 5:
            continue
        rows += [stay(n, day, price=5.0 * n) for n in range(1, 4 + number)]
        rows.append(stay(100, day, guest=None))
        rows.append(stay(101, day, price=-1.0, guest="O'Brien"))
    return rows


def load(settings: Settings, specs: Specs, last: date = LAST) -> HistoryResult:
    return load_history.run(settings, specs, "stays", FIRST, last)


def manifests(settings: Settings) -> list[Any]:
    return list(Lake(settings.lake_root).clean_manifests("stays", FIRST, LAST + timedelta(days=1)))


def test_history_becomes_what_nightly_runs_would_have_made(
    tmp_path: Path, settings: Settings, url: str, specs: Specs
) -> None:
    put_stays(url, mixed_rows())
    nightly = inn_settings(tmp_path / "nightly", url)
    for day in DAYS[:5] + DAYS[6:]:
        validate_partition.run(nightly, specs, ingest_partition.run(nightly, specs, "stays", day))
    load(settings, specs)
    assert len(manifests(settings)) == 9
    assert manifests(settings) == manifests(nightly)
    assert all_files(settings.lake_root) == all_files(nightly.lake_root)
    assert all_files(settings.reports_root) == all_files(nightly.reports_root)


def test_counts_are_those_of_the_range(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, [*mixed_rows(), stay(1, LAST + timedelta(days=1))])
    result = load(settings, specs)
    assert (result.partitions, result.written, result.quarantined_rows) == (9, 9, 9)
    assert result.rows + result.quarantined_rows == len(mixed_rows())


def test_a_partition_says_which_run_wrote_it_first(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, mixed_rows())
    for run_id in ("first", "second"):
        load_history.run(settings, specs, "stays", FIRST, LAST, run_id=run_id)
    assert {manifest.run_id for manifest in manifests(settings)} == {"first"}


def test_loading_again_writes_nothing(settings: Settings, url: str, specs: Specs, tmp_path: Path) -> None:
    put_stays(url, mixed_rows())
    first, before = load(settings, specs), all_files(tmp_path)
    again = load(settings, specs)
    assert again == first.model_copy(update={"written": 0})
    assert all_files(tmp_path) == before


def test_only_a_corrected_day_gets_a_new_revision(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, mixed_rows())
    load(settings, specs)
    put_stays(url, [*mixed_rows(), stay(55, DAYS[3])])
    assert load(settings, specs).written == 1
    assert [m.ds for m in manifests(settings) if m.revision == 2] == [DAYS[3]]


def test_a_killed_load_goes_on_where_it_stopped(
    settings: Settings, url: str, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, mixed_rows())

    class KilledError(Exception):
        pass

    def die_after_the_second_chunk(_: Any, done: int, *__: Any) -> None:
        if done == 8:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(load_history, "_log_progress", die_after_the_second_chunk)
        with pytest.raises(KilledError):
            load(settings, specs)
    assert len(manifests(settings)) == 7
    result = load(settings, specs)
    assert (result.partitions, result.written) == (9, 2)


def test_refused_days_are_named_and_the_others_committed(settings: Settings, url: str, specs: Specs) -> None:
    bad = [DAYS[1], DAYS[9]]
    put_stays(url, [*mixed_rows(), *(stay(1, day) for day in bad)])
    with pytest.raises(
        ContractError, match=r"2 day\(s\) refused.*2017-02-26, 2017-03-06.*is unique"
    ) as raised:
        load(settings, specs)
    assert raised.value.facts["days"] == bad
    assert all((settings.reports_root / report).is_file() for report in raised.value.facts["reports"])
    assert [m.ds for m in manifests(settings)] == [d for n, d in enumerate(DAYS) if n not in (1, 5, 9)]


def test_days_without_rows_are_partitions_where_the_budget_says_so(settings: Settings, url: str) -> None:
    put_stays(url, mixed_rows())
    result = load(settings, stays_specs(budgets={"quarantine_share": 0.5, "min_rows": 0}))
    assert result.partitions == 10
    assert [m.ds for m in manifests(settings) if not m.rows] == [DAYS[5]]


def test_a_range_without_any_row_is_empty(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, [])
    assert load(settings, specs).partitions == 0


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days each read of the source asks for."""
    days: list[int] = []
    read = SqlReader.read

    def noted(source: SqlReader, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        days.append((last_exclusive - first).days)
        return read(source, first, last_exclusive)

    monkeypatch.setattr(SqlReader, "read", noted)
    return days


def test_days_with_many_rows_come_in_smaller_chunks(
    settings: Settings, url: str, specs: Specs, monkeypatch: pytest.MonkeyPatch, reads: list[int]
) -> None:
    monkeypatch.setattr(load_history, "CHUNK_ROWS", 15)
    put_stays(url, mixed_rows())
    assert load(settings, specs).partitions == 9
    assert reads == [2, 2, 2, 1, 1, 1, 1]  # 5, 6, 7, 8, 9, 0, 11, 12, 13, 14 rows; at most 4 days


@pytest.mark.parametrize("min_rows", [0, 1])
def test_a_source_that_cannot_count_is_read_day_by_day_with_the_same_outcome(
    settings: Settings,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    reads: list[int],
    tmp_path: Path,
    min_rows: int,
) -> None:
    specs = stays_specs(budgets={"quarantine_share": 0.5, "min_rows": min_rows})
    put_stays(url, mixed_rows())
    expected = load(settings, specs)
    reads.clear()
    monkeypatch.setattr(SqlReader, "count_rows", lambda *_: None)
    daily = inn_settings(tmp_path / "daily", url)
    assert load(daily, specs) == expected
    assert reads == [1] * 10
    assert all_files(daily.lake_root) == all_files(settings.lake_root)


def test_a_day_that_the_source_lost_stands_and_is_named(
    settings: Settings, url: str, specs: Specs, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(url, [stay(1, DAYS[0]), stay(2, DAYS[1])])
    load(settings, specs)
    put_stays(url, [stay(2, DAYS[1])])
    assert load(settings, specs).partitions == 1
    assert (
        "2017-02-25: the source has no row of this day any more; its 1 rows in the lake stand" in caplog.text
    )


def test_a_corrected_day_says_what_changed(settings: Settings, url: str, specs: Specs) -> None:
    put_stays(url, [stay(1, DAYS[0]), stay(2, DAYS[1])])
    load(settings, specs)
    put_stays(url, [stay(1, DAYS[0]), stay(2, DAYS[1], price=3.0), stay(3, DAYS[1])])
    load(settings, specs)
    raws = Lake(settings.lake_root).raw_manifests("stays", FIRST, LAST)
    assert [str(raw.changes) for raw in raws] == ["None", "1 added, 0 removed, 1 altered (price 1)"]


def test_a_nightly_run_that_overtakes_the_load_wins(
    settings: Settings, url: str, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(url, mixed_rows())

    def overtake() -> None:
        put_stays(url, [*mixed_rows(), stay(55, DAYS[0])])
        ingest_partition.run(settings, specs, "stays", DAYS[0])

    after_the_first_read(monkeypatch, overtake)
    with pytest.raises(ConcurrentWriteError):
        load(settings, specs)
    load(settings, specs)
    assert 55 in Lake(settings.lake_root).read_clean(manifests(settings)[0])["stay_id"].to_pylist()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (LAST, FIRST, "2017-03-06 is after 2017-02-25"),
        (date(1, 1, 1), LAST, "0001-01-01 to 2017-03-06 is outside the days"),
    ],
)
def test_a_range_without_sense_is_refused(
    settings: Settings, specs: Specs, first: date, last: date, said: str
) -> None:
    with pytest.raises(FatalError, match=said):
        load_history.run(settings, specs, "stays", first, last)


def test_the_past_of_a_source_without_one_is_refused(settings: Settings, url: str) -> None:
    put_stays(url, mixed_rows())
    state = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}
    with pytest.raises(
        FatalError, match=r"holds only its present state, so its past cannot be loaded.*Next:"
    ):
        load(settings, stays_specs(source=state, event_time="arrives"))
    assert all_files(settings.lake_root) == {}


def test_progress_is_logged_with_counts_rate_and_time_to_go(
    settings: Settings, url: str, specs: Specs, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(url, mixed_rows())
    with caplog.at_level("INFO"):
        load(settings, specs)
    said = [record.getMessage() for record in caplog.records if "days/s" in record.getMessage()]
    assert [line.split(" rows read")[0] for line in said] == [
        "4 of 10 days of stays: 26",
        "8 of 10 days of stays: 58",
        "10 of 10 days of stays: 85",
    ]
    assert said[-1].endswith(", 0 s to go")


def test_a_broken_source_is_named(settings: Settings, specs: Specs) -> None:
    with pytest.raises(SourceError, match="no table 'stays'"):
        load(settings, specs)
