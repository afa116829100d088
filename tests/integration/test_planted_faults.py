"""Faults planted in the real bookings are found, named and repaired; what is left equals a clean run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.csv as arrow_csv
import pytest
import sqlalchemy as sa

from include.adapters.lake import Lake
from include.contracts import RowChanges, Verdict
from include.demo.hotel_data import load_hotel_data
from include.demo.schema import BOOKINGS
from include.errors import ContractError, EmptyPartitionError
from include.settings import Settings
from include.specs import DatasetSpec, Specs, load_specs
from include.steps import (
    export_quarantine,
    ingest_partition,
    load_history,
    replay_quarantine,
    review_quarantine,
    revise_late_days,
    validate_partition,
)
from tests.support.sources import inn_settings, sqlite_url

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
FIRST, LAST = date(2016, 1, 4), date(2016, 2, 7)
SHIFTED, HOLES, TWICE, PARTLY_LATE, LATE = (FIRST + timedelta(days=n) for n in (10, 16, 22, 29, 31))
TEXTS = ["hotel", "meal", "country", "market_segment", "distribution_channel"]
CHECKS = [
    {"check": "unique_across_partitions", "severity": "quarantine", "columns": ["booking_id"], "days": "7d"},
    {"check": "volume", "severity": "warn", "weeks": 4, "min_history": 3},
]


@pytest.fixture(scope="module")
def bookings() -> pd.DataFrame:
    beside = ROOT.parent / "shared" / "data" / "hotel_bookings.csv.zip"
    path = Path(os.environ.get("PERENNIAL_TEST_DATA", beside))
    if not path.exists():
        pytest.skip("the real data is not here; set PERENNIAL_TEST_DATA to its zip")
    loaded = load_hotel_data(path).bookings
    days = loaded["booked_at"].dt.date
    return loaded[(days >= FIRST) & (days <= LAST)].reset_index(drop=True)


@pytest.fixture(scope="module")
def specs() -> Specs:
    shipped = load_specs(ROOT / "include").dataset("bookings")
    fields = {**shipped.model_dump(exclude_none=True), "checks": CHECKS}
    fields["contract"] = [rule.model_dump(exclude_none=True) for rule in shipped.contract]
    fields["lateness"] = "3d"
    fields["source"] = {"kind": "sql", "connection": "inn", "table": "bookings"}
    return Specs(datasets={"bookings": DatasetSpec.model_validate(fields)})


def put(url: str, rows: pd.DataFrame) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    plain = rows.astype(object).where(rows.notna(), None)
    with engine.begin() as connection:
        BOOKINGS.drop(connection, checkfirst=True)
        BOOKINGS.create(connection)
        connection.execute(BOOKINGS.insert(), [_python(row) for row in plain.to_dict("records")])
    engine.dispose()


def _python(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(k): v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for k, v in row.items()}


def on(rows: pd.DataFrame, ds: date) -> pd.Series:
    return rows["booked_at"].dt.date == ds


def plant(bookings: pd.DataFrame) -> pd.DataFrame:
    """Shift one day's texts, leave 5 % of a day without hotel, deliver a day twice, another never.

    Of one more day, three rows of four have not come yet.
    """
    rows = bookings.copy()
    shifted = on(rows, SHIFTED)
    rows.loc[shifted, TEXTS] = rows.loc[shifted, [*TEXTS[1:], TEXTS[0]]].to_numpy()
    holes = rows[on(rows, HOLES)].index
    rows.loc[holes[: len(holes) // 20], "hotel"] = None
    again = rows[on(rows, TWICE - timedelta(days=1))].copy()
    again["booked_at"] += pd.Timedelta(days=1)
    partly = rows[on(rows, PARTLY_LATE)].index
    missing = on(rows, LATE) | rows.index.isin(partly[len(partly) // 4 :])
    return pd.concat([rows[~missing], again], ignore_index=True)


def mend_source(bookings: pd.DataFrame) -> pd.DataFrame:
    """What the source's owners mend: everything but the holes."""
    planted = plant(bookings)
    return pd.concat([bookings[~on(bookings, HOLES)], planted[on(planted, HOLES)]], ignore_index=True)


def night(settings: Settings, specs: Specs, ds: date) -> None:
    ref = ingest_partition.run(settings, specs, "bookings", ds)
    validate_partition.run(settings, specs, ref)


def load(settings: Settings, specs: Specs) -> None:
    load_history.run(settings, specs, "bookings", FIRST, LAST)


def partitions(settings: Settings) -> dict[date, tuple[str, str, str | None, int]]:
    """What the current revision of each day holds."""
    lake = Lake(settings.lake_root)
    raws = lake.raw_manifests("bookings", FIRST, LAST + timedelta(days=1))
    cleans = lake.clean_manifests("bookings", FIRST, LAST + timedelta(days=1))
    return {
        clean.ds: (raw.content_sha256, clean.content_sha256, clean.quarantine_sha256, clean.rows)
        for raw, clean in zip(raws, cleans, strict=True)
    }


def fill_holes(settings: Settings, specs: Specs, bookings: pd.DataFrame, path: Path) -> str:
    """Do what a person does: look up the hotels of the rows in quarantine, and write them into the file."""
    exported = export_quarantine.run(settings, specs, "bookings", HOLES, HOLES)
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(("agent", "company", "quarantine_row"), "string"),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    table = arrow_csv.read_csv(settings.reports_root / exported.file, convert_options=options)
    hotels = dict(zip(bookings["booking_id"], bookings["hotel"], strict=True))
    found = [hotels[number] for number in table["booking_id"].to_pylist()]
    column = table.column_names.index("hotel")
    arrow_csv.write_csv(table.set_column(column, "hotel", [found]), path)
    return str(path)


def test_planted_faults_are_found_named_and_repaired(
    bookings: pd.DataFrame, specs: Specs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sqlite_url(tmp_path)
    put(url, bookings)
    calm = inn_settings(tmp_path / "calm", url)
    load(calm, specs)
    expected = partitions(calm)
    assert len(expected) == (LAST - FIRST).days + 1

    settings = inn_settings(tmp_path / "hotel", url)
    put(url, plant(bookings))
    with pytest.raises(ContractError, match=r"2 day\(s\) refused") as caught:
        load(settings, specs)
    require_named(settings, caught.value, bookings)
    with pytest.raises(EmptyPartitionError, match=f"bookings {LATE}: the source has no row") as late:
        night(settings, specs, LATE)
    review = review_quarantine.run(settings, specs, "bookings", LAST)
    assert "<td>hotel is not null</td>" in (settings.reports_root / review).read_text()
    volume = failed_checks(settings, PARTLY_LATE)
    assert len(volume) == 1
    found = [caught.value.what, str(late.value), f"{PARTLY_LATE}: {volume[0]}"]

    put(url, mend_source(bookings))
    file = fill_holes(settings, specs, bookings, tmp_path / "mended.csv")
    replay_quarantine.run(
        settings, specs, "bookings", HOLES, HOLES, file, "looked up in the ledger", dry_run=False
    )
    revise_late_days.run(settings, specs, "bookings", PARTLY_LATE + timedelta(days=1))
    revised = Lake(settings.lake_root).raw_manifest("bookings", PARTLY_LATE)
    assert revised is not None
    assert revised.changes == RowChanges(added=late_rows(bookings), removed=0, altered=0)
    assert not failed_checks(settings, PARTLY_LATE)
    night(settings, specs, LATE)
    load(settings, specs)
    assert partitions(settings) == expected
    report(capsys, found, len(expected))


def report(capsys: pytest.CaptureFixture[str], found: list[str], partitions: int) -> None:
    """Print what was found, and the figure in the manner of the benchmarks."""
    figures = {
        "planted faults found, named and repaired": 5,
        "partitions equal to those of a clean run": partitions,
    }
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(found) + "\n")
        for figure, value in figures.items():
            line = {"figure": figure, "value": value, "goal": value, "holds": True}
            sys.stdout.write(f"{json.dumps(line)}\n")


def require_named(settings: Settings, error: ContractError, bookings: pd.DataFrame) -> None:
    """The message names each refused day with rule and rows; the result pages show the values."""
    assert error.facts["days"] == [SHIFTED, TWICE]
    shifted_rows, copied_rows = (int(on(bookings, day).sum()) for day in (SHIFTED, TWICE - timedelta(days=1)))
    unseen = "booking_id not seen in the 7 days before"
    assert f"{SHIFTED}: {shifted_rows} of {shifted_rows} rows (100.00%)" in error.what
    assert f"`hotel in set of 2` on {shifted_rows}" in error.what
    assert f"{TWICE}: {copied_rows} of " in error.what
    assert f"`{unseen}` on {copied_rows}" in error.what
    shifted, twice = ((settings.reports_root / page).read_text() for page in error.facts["reports"])
    assert "hotel in set of 2" in shifted
    assert f"{unseen}: seen before on {TWICE - timedelta(days=1)} ({copied_rows} rows)" in twice
    holes = Lake(settings.lake_root).clean_manifest("bookings", HOLES)
    assert holes is not None
    assert holes.quarantined_rows == int(on(bookings, HOLES).sum()) // 20 > 0


def failed_checks(settings: Settings, ds: date) -> list[str]:
    """Say what the checks of a day's current revision found wrong."""
    clean = Lake(settings.lake_root).clean_manifest("bookings", ds)
    assert clean is not None
    return [reason for check in clean.checks if check.verdict is Verdict.FAILED for reason in check.reasons]


def late_rows(bookings: pd.DataFrame) -> int:
    """Count the rows of the day that comes in two parts which come late."""
    rows = int(on(bookings, PARTLY_LATE).sum())
    return rows - rows // 4
