from __future__ import annotations

import os
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from include.demo.hotel_data import load_hotel_data
from include.demo.schema import HotelTables
from include.errors import SourceError

ROW = {
    "hotel": "Resort Hotel",
    "is_canceled": 1,
    "lead_time": 3,
    "arrival_date_year": 2016,
    "arrival_date_month": "March",
    "arrival_date_day_of_month": 1,
    "stays_in_weekend_nights": 0,
    "stays_in_week_nights": 2,
    "adults": 2,
    "children": "NA",
    "babies": 0,
    "meal": "BB",
    "country": "NULL",
    "market_segment": "Direct",
    "distribution_channel": "Direct",
    "is_repeated_guest": 0,
    "previous_cancellations": 0,
    "previous_bookings_not_canceled": 0,
    "reserved_room_type": "C",
    "assigned_room_type": "C",
    "booking_changes": 3,
    "deposit_type": "No Deposit",
    "agent": "       NULL",
    "company": "110",
    "days_in_waiting_list": 0,
    "customer_type": "Transient",
    "adr": 75.5,
    "required_car_parking_spaces": 0,
    "total_of_special_requests": 0,
    "reservation_status": "Canceled",
    "reservation_status_date": "2016-02-28",
}


def write_zip(path: Path, rows: list[dict[str, object]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hotel_bookings.csv", pd.DataFrame(rows).to_csv(index=False))
        archive.writestr("__MACOSX/._hotel_bookings.csv", b"\x00\x05\x16\x07")
    return path


def test_a_booking_is_made_its_lead_time_before_the_arrival(tmp_path: Path) -> None:
    tables = load_hotel_data(write_zip(tmp_path / "data.zip", [ROW]))
    booking = tables.bookings.iloc[0]
    assert booking["arrival_date"] == date(2016, 3, 1)
    assert booking["booked_at"] == datetime(2016, 2, 27, tzinfo=UTC)


def test_rows_are_numbered_in_file_order(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{**ROW, "adr": adr} for adr in (3.0, 1.0, 2.0)]
    bookings = load_hotel_data(write_zip(tmp_path / "data.zip", rows)).bookings
    assert dict(zip(bookings["booking_id"], bookings["adr"], strict=True)) == {1: 3.0, 2: 1.0, 3: 2.0}


def test_outcome_is_known_on_the_day_of_the_last_status(tmp_path: Path) -> None:
    outcome = load_hotel_data(write_zip(tmp_path / "data.zip", [ROW])).outcomes.iloc[0]
    assert outcome.to_dict() == {"booking_id": 1, "outcome_date": date(2016, 2, 28), "is_canceled": 1}


@pytest.mark.parametrize("column", ["children", "country", "agent"])
def test_written_out_missing_values_are_missing(tmp_path: Path, column: str) -> None:
    tables = load_hotel_data(write_zip(tmp_path / "data.zip", [ROW, {**ROW, column: "1"}]))
    assert tables.bookings[column].isna().tolist() == [True, False]


def test_names_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    assert load_hotel_data(write_zip(tmp_path / "data.zip", [ROW])).bookings["company"].tolist() == ["110"]


def test_what_is_known_only_later_is_left_out(tmp_path: Path) -> None:
    bookings = load_hotel_data(write_zip(tmp_path / "data.zip", [ROW])).bookings
    leaks = {"reservation_status", "assigned_room_type", "booking_changes", "days_in_waiting_list"}
    assert not leaks & set(bookings.columns)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    row: dict[str, object] = {name: value for name, value in ROW.items() if name not in ("adr", "agent")}
    with pytest.raises(SourceError, match=r"columns are missing: (agent, adr|adr, agent)"):
        load_hotel_data(write_zip(tmp_path / "data.zip", [row]))


@pytest.mark.parametrize("content", [None, b"not a zip"], ids=["absent", "no zip"])
def test_an_unusable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=str(path)):
        load_hotel_data(path)


@pytest.fixture
def real_data() -> HotelTables:
    beside = Path(__file__).parents[4] / "shared" / "data" / "hotel_bookings.csv.zip"
    path = Path(os.environ.get("PERENNIAL_TEST_DATA", beside))
    if not path.exists():
        pytest.skip("the real data is not here; set PERENNIAL_TEST_DATA to its zip")
    return load_hotel_data(path)


def test_the_real_data_is_read_whole(real_data: HotelTables) -> None:
    bookings = real_data.bookings
    assert len(bookings) == len(real_data.outcomes) == 119_390
    missing = bookings[["children", "country", "agent", "company"]].isna().sum()
    assert missing.to_dict() == {"children": 4, "country": 488, "agent": 16_340, "company": 112_593}
    assert bookings["booked_at"].notna().all()
