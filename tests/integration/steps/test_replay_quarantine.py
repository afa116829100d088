from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.contracts import ReplayResult
from include.errors import ContractError, FatalError, MissingPartitionError, ReplayError
from include.settings import Settings
from include.specs import ColumnType, Specs
from include.steps import export_quarantine, ingest_partition, replay_quarantine, validate_partition
from tests.support.sources import DAY, all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs
from tests.support.two_days import (
    NEXT,
    REASON,
    export,
    load_two_days,
    mended,
    mending_specs,
    move_one,
    price_them,
    put_two_days,
    write,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return inn_settings(tmp_path, url)


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.lake_root)


@pytest.fixture
def specs() -> Specs:
    return mending_specs()


def run_day(settings: Settings, specs: Specs, ds: date) -> None:
    validate_partition.run(settings, specs, ingest_partition.run(settings, specs, "stays", ds))


@pytest.fixture
def two_days(settings: Settings, specs: Specs, url: str) -> None:
    put_two_days(url)
    load_two_days(settings, specs)


def replay(
    settings: Settings, specs: Specs, file: str, *, dry_run: bool = False, **days: date
) -> ReplayResult:
    first, last = days.get("first", DAY), days.get("last", NEXT)
    return replay_quarantine.run(settings, specs, "stays", first, last, file, REASON, dry_run=dry_run)


def clean(lake: Lake, ds: date) -> CleanManifest:
    manifest = lake.clean_manifest("stays", ds)
    assert manifest is not None
    return manifest


def prices(lake: Lake, ds: date) -> dict[int, float]:
    table = lake.read_clean(clean(lake, ds))
    return dict(zip(table["stay_id"].to_pylist(), table["price"].to_pylist(), strict=True))


def lake_bytes(settings: Settings) -> dict[str, bytes]:
    return all_files(settings.lake_root)


@pytest.mark.usefixtures("two_days")
def test_the_export_says_where_each_row_is_and_why(settings: Settings, specs: Specs) -> None:
    rows = export(settings, specs)
    named = ("quarantine_ds", "stay_id", "quarantine_rule", "quarantine_observed")
    assert [(str(row[named[0]]), *(row[name] for name in named[1:])) for row in rows] == [
        ("2017-03-01", 2, "price between 0 and 100", "price=-5.0"),
        ("2017-03-01", 3, "price between 0 and 100", "price=900.0"),
        ("2017-03-02", 13, "price between 0 and 100", "price=101.0"),
    ]  # fmt: skip
    assert {r["quarantine_action"] for r in rows} == {"replace"}


@pytest.mark.usefixtures("two_days")
def test_an_export_of_rows_with_other_columns_says_what_to_do(settings: Settings, specs: Specs) -> None:
    spec = specs.dataset("stays")
    later = spec.model_copy(update={"columns": {**spec.columns, "room": ColumnType.STRING}})
    with pytest.raises(ReplayError, match=r"other columns than the spec declares now.*stays__load_history"):
        export_quarantine.run(settings, Specs(datasets={"stays": later}), "stays", DAY, NEXT)


@pytest.mark.usefixtures("two_days")
def test_columns_that_the_spec_lists_in_another_order_since_are_the_same(
    settings: Settings, specs: Specs, lake: Lake, tmp_path: Path
) -> None:
    spec = specs.dataset("stays")
    columns = dict(reversed(spec.columns.items()))
    turned = Specs(datasets={"stays": spec.model_copy(update={"columns": columns})})
    replay(settings, turned, mended(settings, turned, tmp_path / "m.csv", price_them))
    assert prices(lake, DAY) == {1: 50.0, 2: 52.0, 3: 53.0}


@pytest.mark.usefixtures("two_days")
def test_mended_rows_become_clean_rows_of_a_new_revision(
    settings: Settings, specs: Specs, lake: Lake, tmp_path: Path
) -> None:
    result = replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", price_them))
    assert [(d.ds, d.replaced, d.revision, d.rows, d.quarantined_rows) for d in result.days] == [
        (DAY, 2, 2, 3, 0),
        (NEXT, 1, 2, 3, 0),
    ]
    assert prices(lake, DAY) == {1: 50.0, 2: 52.0, 3: 53.0}
    assert prices(lake, NEXT) == {11: 50.0, 12: 50.0, 13: 63.0}
    raw = lake.raw_manifest("stays", DAY)
    assert raw is not None
    assert raw.source["replay_reason"] == REASON
    assert raw.source["replayed_file"] == result.file_sha256
    assert raw.changes is not None
    assert (raw.changes.altered, raw.changes.altered_columns) == (2, {"price": 2})


@pytest.mark.usefixtures("two_days")
def test_a_dry_run_says_the_same_and_writes_nothing(settings: Settings, specs: Specs, tmp_path: Path) -> None:
    file = mended(settings, specs, tmp_path / "m.csv", price_them)
    before = lake_bytes(settings)
    result = replay(settings, specs, file, dry_run=True)
    assert [(d.ds, d.replaced, d.revision) for d in result.days] == [(DAY, 2, None), (NEXT, 1, None)]
    assert lake_bytes(settings) == before


@pytest.mark.usefixtures("two_days")
def test_replaying_twice_changes_nothing(settings: Settings, specs: Specs, tmp_path: Path) -> None:
    file = mended(settings, specs, tmp_path / "m.csv", price_them)
    replay(settings, specs, file)
    before = lake_bytes(settings)
    replay(settings, specs, file)
    assert lake_bytes(settings) == before


@pytest.mark.usefixtures("two_days")
def test_reading_an_unchanged_source_again_keeps_the_corrections(
    settings: Settings, specs: Specs, tmp_path: Path
) -> None:
    replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", price_them))
    before = lake_bytes(settings)
    run_day(settings, specs, DAY)
    load_two_days(settings, specs)
    assert lake_bytes(settings) == before


@pytest.mark.usefixtures("two_days")
def test_a_source_that_changed_a_row_wins_over_its_correction(
    settings: Settings, specs: Specs, lake: Lake, url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", price_them))
    put_stays(url, [stay(1), stay(2, price=7.0), stay(3, price=900.0)])
    run_day(settings, specs, DAY)
    assert prices(lake, DAY) == {1: 50.0, 2: 7.0, 3: 53.0}
    assert "stays 2017-03-01: 1 correction(s) are not applied: the source changed the rows" in caplog.text
    raw = lake.raw_manifest("stays", DAY)
    assert raw is not None
    assert (raw.source["corrected_rows"], raw.source["superseded_corrections"]) == ("1", "1")


@pytest.mark.usefixtures("two_days")
def test_a_row_whose_time_is_mended_moves_to_its_day(
    settings: Settings, specs: Specs, lake: Lake, tmp_path: Path
) -> None:
    result = replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", move_one))
    assert [(d.replaced, d.moved_away, d.arrived) for d in result.days] == [(1, 1, 0), (1, 0, 1)]
    assert set(prices(lake, DAY)) == {1, 3}
    assert set(prices(lake, NEXT)) == {2, 11, 12, 13}
    before = lake_bytes(settings)
    load_two_days(settings, specs)
    assert lake_bytes(settings) == before


@pytest.mark.usefixtures("two_days")
def test_rows_that_still_fail_stay_in_quarantine_and_can_be_mended_again(
    settings: Settings, specs: Specs, lake: Lake, tmp_path: Path
) -> None:
    def too_dear(rows: list[dict[str, Any]]) -> None:
        rows[0]["price"] = 400.0

    result = replay(settings, specs, mended(settings, specs, tmp_path / "one.csv", too_dear))
    assert result.unchanged == 2
    assert [(d.ds, d.quarantined_rows) for d in result.days] == [(DAY, 2)]
    replay(settings, specs, mended(settings, specs, tmp_path / "two.csv", price_them))
    assert prices(lake, DAY) == {1: 50.0, 2: 52.0, 3: 53.0}
    before = lake_bytes(settings)
    run_day(settings, specs, DAY)
    assert lake_bytes(settings) == before


def test_one_of_two_rows_of_one_key_can_be_left_out(
    settings: Settings, lake: Lake, url: str, tmp_path: Path
) -> None:
    unique = {"expect": "column_values_to_be_unique", "column": "stay_id", "severity": "quarantine"}
    specs = stays_specs(contract=[unique], budgets={"quarantine_share": 1})
    put_stays(url, [stay(1), stay(2), stay(2), stay(2, guest="Eve")])
    run_day(settings, specs, DAY)

    def keep_eve(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["quarantine_action"] = "replace" if row["guest"] == "Eve" else "leave_out"

    replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", keep_eve))
    assert lake.read_clean(clean(lake, DAY))["guest"].to_pylist() == ["Ada", "Eve"]
    assert clean(lake, DAY).quarantined_rows == 0


@pytest.mark.usefixtures("two_days")
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"quarantine_row": "0" * 64}, "are not in quarantine", id="row unknown"),
        pytest.param({"quarantine_ds": date(2017, 2, 27)}, "are of other days than", id="other day"),
        pytest.param({"made_at": None}, "has no made_at", id="no time"),
        pytest.param(
            {"made_at": datetime(2017, 3, 2, tzinfo=UTC), "stay_id": 11}, "cannot be moved", id="taken"
        ),
        pytest.param({"price": "dear"}, "column 'price' holds 'dear'", id="type"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(
    settings: Settings, specs: Specs, tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    rows = export(settings, specs)
    price_them(rows)
    for row in rows:
        row["price"] = str(row["price"])
    rows[0].update(change)
    before = lake_bytes(settings)
    with pytest.raises(ReplayError, match=complaint):
        replay(settings, specs, write(tmp_path / "m.csv", rows))
    assert lake_bytes(settings) == before


@pytest.mark.usefixtures("two_days")
def test_a_row_cannot_move_to_a_day_that_was_never_ingested(
    settings: Settings, specs: Specs, tmp_path: Path
) -> None:
    def move(rows: list[dict[str, Any]]) -> None:
        rows[0]["made_at"] = datetime(2017, 3, 9, tzinfo=UTC)

    with pytest.raises(MissingPartitionError, match="2017-03-09"):
        replay(settings, specs, mended(settings, specs, tmp_path / "m.csv", move))


@pytest.mark.usefixtures("two_days")
def test_a_replay_needs_a_reason(settings: Settings, specs: Specs, tmp_path: Path) -> None:
    file = mended(settings, specs, tmp_path / "m.csv", price_them)
    with pytest.raises(FatalError, match="needs a reason"):
        replay_quarantine.run(settings, specs, "stays", DAY, NEXT, file, "  ", dry_run=False)


@pytest.mark.usefixtures("two_days")
def test_a_file_from_before_the_source_was_read_again_is_out_of_date(
    settings: Settings, specs: Specs, url: str, tmp_path: Path
) -> None:
    file = mended(settings, specs, tmp_path / "m.csv", price_them)
    put_stays(url, [stay(1), stay(2, price=7.0), stay(3, price=900.0)])
    ingest_partition.run(settings, specs, "stays", DAY)
    with pytest.raises(ReplayError, match="not judged since"):
        replay(settings, specs, file)
    run_day(settings, specs, DAY)
    with pytest.raises(ReplayError, match=r"1 row\(s\) of the file are not in quarantine"):
        replay(settings, specs, file)


@pytest.mark.usefixtures("two_days")
def test_a_day_that_is_refused_with_its_mended_rows_does_not_stop_the_others(
    settings: Settings, specs: Specs, lake: Lake, tmp_path: Path
) -> None:
    def double(rows: list[dict[str, Any]]) -> None:
        price_them(rows)
        rows[0]["stay_id"] = 1

    file = mended(settings, specs, tmp_path / "m.csv", double)
    with pytest.raises(ContractError, match=r"1 day\(s\) refused.*2017-03-01: rule `stay_id is unique`"):
        replay(settings, specs, file)
    assert prices(lake, NEXT)[13] == 63.0
    assert prices(lake, DAY) == {1: 50.0}, "the revision that stood still stands"
