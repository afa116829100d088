"""Faults planted in the real bookings are found, named and repaired; what is left equals a clean run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.csv as arrow_csv
import pytest
import sqlalchemy as sa

from include.adapters.lake import Lake
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
    validate_partition,
)
from tests.support.sources import inn_settings, sqlite_url

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
FIRST, LAST = date(2016, 1, 4), date(2016, 2, 7)
SHIFTED, HOLES, TWICE, LATE = (FIRST + timedelta(days=n) for n in (10, 16, 22, 31))
TEXTS = ["hotel", "meal", "country", "market_segment", "distribution_channel"]
CHECKS = [
    {"check": "unique_across_partitions", "severity": "quarantine", "columns": ["booking_id"], "days": "7d"},
    {"check": "volume", "severity": "warn"},
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
    """Shift one day's texts, leave 5 % of a day without hotel, deliver a day twice, another never."""
    rows = bookings.copy()
    shifted = on(rows, SHIFTED)
    rows.loc[shifted, TEXTS] = rows.loc[shifted, [*TEXTS[1:], TEXTS[0]]].to_numpy()
    holes = rows[on(rows, HOLES)].index
    rows.loc[holes[: len(holes) // 20], "hotel"] = None
    again = rows[on(rows, TWICE - timedelta(days=1))].copy()
    again["booked_at"] += pd.Timedelta(days=1)
    return pd.concat([rows[~on(rows, LATE)], again], ignore_index=True)


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
    bookings: pd.DataFrame, specs: Specs, tmp_path: Path
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
    assert caught.value.facts["days"] == [SHIFTED, TWICE]
    assert f"{SHIFTED}: " in caught.value.what
    shifted, twice = ((settings.reports_root / page).read_text() for page in caught.value.facts["reports"])
    assert "hotel in set of 2" in shifted
    assert f"seen before on {TWICE - timedelta(days=1)}" in twice
    with pytest.raises(EmptyPartitionError, match=f"bookings {LATE}: the source has no row"):
        night(settings, specs, LATE)
    review = review_quarantine.run(settings, specs, "bookings", LAST)
    assert "<td>hotel is not null</td>" in (settings.reports_root / review).read_text()

    put(url, mend_source(bookings))
    file = fill_holes(settings, specs, bookings, tmp_path / "mended.csv")
    replay_quarantine.run(
        settings, specs, "bookings", HOLES, HOLES, file, "looked up in the ledger", dry_run=False
    )
    night(settings, specs, LATE)
    load(settings, specs)
    assert partitions(settings) == expected
