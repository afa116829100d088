"""The real bookings of two hotels, as two source tables.

Data: N. Antonio, A. de Almeida, L. Nunes, "Hotel booking demand datasets", Data in Brief 22 (2019),
41-49, licence CC BY 4.0; a zip with one CSV file.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd

from include.demo.schema import BOOKINGS, HotelTables
from include.errors import SourceError, name_some

_DERIVED = {"booking_id", "booked_at", "arrival_date"}
_ARRIVAL = ["arrival_date_year", "arrival_date_month", "arrival_date_day_of_month"]
_KNOWN_LATER = ["is_canceled", "reservation_status_date"]
# Everything else the file holds is known only after the booking and must not become a feature.
_COLUMNS = [c.name for c in BOOKINGS.columns if c.name not in _DERIVED] + _ARRIVAL + _KNOWN_LATER


def load_hotel_data(path: Path) -> HotelTables:
    """Read the zip.

    Rows have no number of their own: `booking_id` counts them in file order. A booking is made
    `lead_time` days before its arrival, at midnight UTC. Its outcome is known on the day of its
    last status.

    Raises
    ------
    SourceError
        When the file is not there, is not such a zip, or lacks columns.
    """
    raw = _read_csv(path)
    if missing := [name for name in _COLUMNS if name not in raw.columns]:
        raise _unusable(path, f"columns are missing: {name_some(missing)}")
    year, month, day = (raw[name].astype("str") for name in _ARRIVAL)
    arrival = pd.to_datetime(year + "-" + month + "-" + day, format="%Y-%B-%d")
    ids = pd.Series(range(1, len(raw) + 1), index=raw.index)
    bookings = raw.assign(
        booking_id=ids,
        arrival_date=arrival.dt.date,
        booked_at=(arrival - pd.to_timedelta(raw["lead_time"], unit="D")).dt.tz_localize("UTC"),
    )
    outcomes = pd.DataFrame(
        {
            "booking_id": ids,
            "outcome_date": pd.to_datetime(raw["reservation_status_date"]).dt.date,
            "is_canceled": raw["is_canceled"],
        }
    )
    return HotelTables.of(bookings, outcomes)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(".csv") and not n.startswith("__MACOSX")]
            if len(names) != 1:
                raise _unusable(path, f"one CSV file is expected, found {name_some(names) or 'none'}")
            with archive.open(names[0]) as file:
                return pd.read_csv(
                    file,
                    keep_default_na=False,
                    na_values=["", "NULL", "NA"],
                    dtype={"agent": "str", "company": "str"},
                    skipinitialspace=True,
                )
    except (OSError, zipfile.BadZipFile) as error:
        raise _unusable(path, f"cannot be read ({error})") from error


def _unusable(path: Path, what: str) -> SourceError:
    return SourceError(what, where=str(path), next_step="name the zip of the hotel booking demand datasets")
