"""Two hotels that do not exist: bookings and outcomes drawn from a seed.

Shares, seasons and missing values follow the real bookings of Antonio, de Almeida and Nunes ("Hotel
booking demand datasets", Data in Brief 22, 2019); no row is taken from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.demo.hotel_market import AFTER_DRIFT, BEFORE_DRIFT, HOME_COUNTRY, SEGMENTS, Market
from include.demo.schema import HotelTables

FIRST_DAY = date(2015, 7, 1)
LAST_DAY = date(2017, 6, 30)
DRIFT_DAY = date(2017, 5, 1)
ROWS_PER_DAY = 140
SEED = 7

_BAD_SHARE = 0.01
_WEEKLY = np.array([1.10, 1.12, 1.10, 1.06, 1.02, 0.82, 0.78])  # Monday first
_SECONDS_PER_DAY = 86_400
_ROOM_TYPES = {"A": 0.72, "D": 0.16, "E": 0.055, "F": 0.024, "G": 0.018, "B": 0.009, "C": 0.008, "H": 0.006}
_ROOM_PRICE = {"A": 1.0, "B": 0.95, "C": 1.5, "D": 1.2, "E": 1.35, "F": 1.6, "G": 1.75, "H": 1.9}
_MEALS = {"BB": 0.77, "HB": 0.12, "SC": 0.09, "FB": 0.01, "Undefined": 0.01}
_CUSTOMERS = {"Transient": 0.76, "Transient-Party": 0.20, "Contract": 0.035, "Group": 0.005}

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def simulate(
    first: date = FIRST_DAY,
    last: date = LAST_DAY,
    *,
    rows_per_day: float = ROWS_PER_DAY,
    seed: int = SEED,
    drift_day: date | None = DRIFT_DAY,
) -> HotelTables:
    """Draw the bookings made from `first` to `last` and how each of them ends.

    Parameters
    ----------
    first, last
        Booking days, both included.
    rows_per_day
        Mean number of bookings; weekdays and seasons vary around it.
    seed
        Same arguments and seed, same rows.
    drift_day
        From this day on other guests come, on other terms, and cancel for other reasons; None for a
        market that never changes.

    Returns
    -------
    HotelTables
        Bookings numbered in the order in which they were made; about 1 % of them break a rule of the
        contract that quarantines single rows, none breaks a rule that blocks a partition.
    """
    rng = np.random.default_rng(seed)
    periods = _periods(first, last, drift_day)
    drawn = pd.concat([_draw(market, days, rows_per_day, rng) for market, days in periods], ignore_index=True)
    drawn.insert(0, "booking_id", np.arange(1, len(drawn) + 1))
    return HotelTables.of(_spoil(drawn, rng), _outcomes(drawn, rng))


def _periods(first: date, last: date, drift_day: date | None) -> list[tuple[Market, pd.DatetimeIndex]]:
    cut = min(max(drift_day or date.max, first), last + timedelta(days=1))
    before = pd.date_range(first, cut - timedelta(days=1), tz="UTC", unit="us")
    after = pd.date_range(cut, last, tz="UTC", unit="us")
    return [(BEFORE_DRIFT, before), (AFTER_DRIFT, after)]


def _draw(
    market: Market, days: pd.DatetimeIndex, rows_per_day: float, rng: np.random.Generator
) -> pd.DataFrame:
    frame = pd.DataFrame({"booked_at": _moments(days, rows_per_day, rng)})
    rows = len(frame)
    frame["hotel"] = _choose({"City Hotel": 0.66, "Resort Hotel": 0.34}, rows, rng)
    frame["market_segment"] = _choose(market.segments, rows, rng)
    frame["country"] = _choose(market.countries, rows, rng)
    _add_stay(frame, market, rng)
    _add_guests(frame, rng)
    _add_terms(frame, market, rng)
    _add_price(frame, rng)
    frame["cancel_log_odds"] = _cancel_log_odds(frame, market)
    # Known to the guest, so it drives the decision, but sometimes not entered.
    frame["country"] = _blank(frame["country"], 0.004, rng)
    frame["children"] = _blank(frame["children"], 0.0003, rng)
    return frame


def _moments(days: pd.DatetimeIndex, rows_per_day: float, rng: np.random.Generator) -> pd.Series:
    season = 1 + 0.08 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 30) / 365.25)
    counts = rng.poisson(rows_per_day * season * _WEEKLY[days.day_of_week.to_numpy()])
    seconds = rng.integers(0, _SECONDS_PER_DAY, counts.sum())
    moments = days.repeat(counts) + pd.to_timedelta(seconds, unit="s")
    return pd.Series(moments.sort_values())


def _add_stay(frame: pd.DataFrame, market: Market, rng: np.random.Generator) -> None:
    rows = len(frame)
    median = _by_segment(frame, {name: s.median_lead_days for name, s in SEGMENTS.items()})
    lead = median * market.lead_time_scale * np.exp(0.9 * rng.standard_normal(rows))
    frame["lead_time"] = np.minimum(lead, 500).astype(np.int64)
    booked = frame["booked_at"].dt.tz_localize(None).dt.normalize()
    frame["arrival_date"] = (booked + pd.to_timedelta(frame["lead_time"], unit="D")).dt.date
    resort = frame["hotel"].eq("Resort Hotel").to_numpy()
    frame["stays_in_week_nights"] = rng.poisson(np.where(resort, 2.9, 1.9))
    frame["stays_in_weekend_nights"] = rng.poisson(np.where(resort, 1.1, 0.8))


def _add_guests(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    rows = len(frame)
    frame["adults"] = rng.choice(4, rows, p=[0.003, 0.197, 0.75, 0.05])
    frame["children"] = rng.choice(3, rows, p=[0.93, 0.04, 0.03])
    frame["babies"] = rng.random(rows) < 0.008
    corporate = frame["market_segment"].isin(["Corporate", "Complementary"]).to_numpy()
    repeated = rng.random(rows) < np.where(corporate, 0.25, 0.02)
    frame["is_repeated_guest"] = repeated
    frame["previous_bookings_not_canceled"] = np.where(repeated, rng.geometric(0.3, rows), 0)
    frame["previous_cancellations"] = np.where(rng.random(rows) < 0.05, rng.geometric(0.7, rows), 0)
    group = frame["market_segment"].eq("Groups").to_numpy()
    frame["total_of_special_requests"] = rng.poisson(np.where(group, 0.15, 0.65))


def _add_terms(frame: pd.DataFrame, market: Market, rng: np.random.Generator) -> None:
    rows = len(frame)
    no_deposit = 1 - market.non_refund_share - 0.002
    deposits = {"No Deposit": no_deposit, "Non Refund": market.non_refund_share, "Refundable": 0.002}
    frame["deposit_type"] = _choose(deposits, rows, rng)
    frame["customer_type"] = _choose(_CUSTOMERS, rows, rng)
    frame["meal"] = _choose(_MEALS, rows, rng)
    frame["reserved_room_type"] = _choose(_ROOM_TYPES, rows, rng)
    frame["distribution_channel"] = frame["market_segment"].map({n: s.channel for n, s in SEGMENTS.items()})
    frame["agent"] = _agents(frame["market_segment"], rng)
    numbers = pd.Series(40 + rng.geometric(0.05, rows)).astype("string").astype(object)
    works = frame["market_segment"].eq("Corporate").to_numpy() & (rng.random(rows) < 0.8)
    frame["company"] = numbers.where(works | (rng.random(rows) < 0.015), None)


def _agents(segments: pd.Series, rng: np.random.Generator) -> pd.Series:
    agents = pd.Series(None, index=segments.index, dtype=object)
    for name, segment in SEGMENTS.items():
        if segment.agents:
            chosen = segments.index[segments == name]
            weights = {agent: 1 / rank**1.5 for rank, agent in enumerate(segment.agents, start=1)}
            agents[chosen] = _choose(weights, len(chosen), rng)
    return _blank(agents, 0.01, rng)


def _add_price(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    room = frame["reserved_room_type"].map(_ROOM_PRICE).to_numpy(dtype=float)
    arrival = pd.to_datetime(frame["arrival_date"]).dt.day_of_year.to_numpy()
    season = 1 + 0.12 * np.cos(2 * np.pi * (arrival - 210) / 365.25)
    base = np.where(frame["hotel"].eq("City Hotel"), 95.0, 85.0)
    price = base * room * season * np.exp(0.25 * rng.standard_normal(len(frame)))
    free = frame["market_segment"].eq("Complementary").to_numpy()
    frame["adr"] = np.where(free, 0.0, price).round(2)


def _cancel_log_odds(frame: pd.DataFrame, market: Market) -> Floats:
    """Log odds of a cancellation, from what is known when the booking is made."""
    flags: Sequence[tuple[float, pd.Series]] = (
        (market.home_effect, frame["country"].eq(HOME_COUNTRY)),
        (market.non_refund_effect, frame["deposit_type"].eq("Non Refund")),
        (market.online_effect, frame["market_segment"].eq("Online TA")),
        (market.previous_cancellation_effect, frame["previous_cancellations"].gt(0)),
        (-1.5, frame["is_repeated_guest"]),
        (-1.0, frame["customer_type"].eq("Transient-Party")),
    )
    log_odds = market.intercept + market.lead_time_effect * np.log1p(frame["lead_time"].to_numpy(float))
    log_odds += market.special_request_effect * frame["total_of_special_requests"].to_numpy(float)
    for effect, flag in flags:
        log_odds += effect * flag.to_numpy(float)
    return np.asarray(log_odds, dtype=np.float64)


def _outcomes(bookings: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A cancellation is known some day up to the arrival, a stay at check-out."""
    rows = len(bookings)
    chance = 1 / (1 + np.exp(-bookings["cancel_log_odds"].to_numpy()))
    canceled = rng.random(rows) < chance
    lead = bookings["lead_time"].to_numpy()
    nights = (bookings["stays_in_week_nights"] + bookings["stays_in_weekend_nights"]).to_numpy()
    days = np.where(canceled, rng.integers(0, lead + 1), lead + nights)
    booked = bookings["booked_at"].dt.tz_localize(None).dt.normalize()
    return pd.DataFrame(
        {
            "booking_id": bookings["booking_id"],
            "outcome_date": (booked + pd.to_timedelta(days, unit="D")).dt.date,
            "is_canceled": canceled,
        }
    )


def _spoil(bookings: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Break about one row in a hundred the way real systems do."""
    spoiled = bookings.astype({"lead_time": "Int64", "children": "Int64"})
    faults: Sequence[tuple[str, Any]] = (
        ("adr", -9.0),
        ("adr", 54_000.0),
        ("lead_time", pd.NA),
        ("reserved_room_type", "??"),
        ("hotel", "Test Hotel"),
        ("children", 99),
    )
    fault = rng.integers(0, len(faults), len(spoiled))
    hit = rng.random(len(spoiled)) < _BAD_SHARE
    for number, (column, value) in enumerate(faults):
        spoiled.loc[hit & (fault == number), column] = value
    return spoiled


def _choose(shares: Mapping[str, float], rows: int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    weights = np.array(list(shares.values()))
    names = np.array(list(shares), dtype=object)
    return names[rng.choice(len(names), rows, p=weights / weights.sum())]


def _by_segment(frame: pd.DataFrame, values: Mapping[str, float]) -> Floats:
    return np.asarray(frame["market_segment"].map(values), dtype=np.float64)


def _blank(values: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
    missing: Flags = rng.random(len(values)) < share
    return values.astype(object).where(~missing, None)
