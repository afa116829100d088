"""The demo hotel's two tables, as its booking system would hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Column, Date, DateTime, Double, Index, MetaData, SmallInteger, Table, Text
from sqlalchemy.types import TypeEngine

metadata = MetaData()

_INTEGERS_BEFORE = ("lead_time", "stays_in_weekend_nights", "stays_in_week_nights")
_GUESTS = ("adults", "children", "babies")
_PLACES = ("meal", "country", "market_segment", "distribution_channel")
_HISTORY = ("is_repeated_guest", "previous_cancellations", "previous_bookings_not_canceled")
_TERMS = ("reserved_room_type", "deposit_type", "agent", "company", "customer_type")


def _columns(kind: type[TypeEngine[Any]], names: tuple[str, ...]) -> list[Column[Any]]:
    return [Column(name, kind) for name in names]


# Nothing but the types is constrained: a source may send anything, and refusing it is the contract's work.
BOOKINGS = Table(
    "bookings",
    metadata,
    Column("booking_id", BigInteger),
    Column("booked_at", DateTime(timezone=True)),
    Column("arrival_date", Date),
    Column("hotel", Text),
    *_columns(BigInteger, _INTEGERS_BEFORE + _GUESTS),
    *_columns(Text, _PLACES),
    *_columns(BigInteger, _HISTORY),
    *_columns(Text, _TERMS),
    Column("adr", Double),
    Column("total_of_special_requests", BigInteger),
    Index("bookings_booked_at", "booked_at"),
)

BOOKING_OUTCOMES = Table(
    "booking_outcomes",
    metadata,
    Column("booking_id", BigInteger),
    Column("outcome_date", Date),
    Column("is_canceled", SmallInteger),
    Index("booking_outcomes_outcome_date", "outcome_date"),
)


@dataclass(frozen=True)
class HotelTables:
    """The rows of both tables, in the tables' column order.

    Integers are `Int64` and text is `str`, both of which know missing values; dates are
    `datetime.date`; `booked_at` is in UTC.
    """

    bookings: pd.DataFrame
    outcomes: pd.DataFrame

    @classmethod
    def of(cls, bookings: pd.DataFrame, outcomes: pd.DataFrame) -> HotelTables:
        """Select, order and type the columns of both frames."""
        return cls(_typed(bookings, BOOKINGS), _typed(outcomes, BOOKING_OUTCOMES))


def _typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    typed = frame[[column.name for column in table.columns]].reset_index(drop=True)
    integers = [c.name for c in table.columns if isinstance(c.type, (BigInteger, SmallInteger))]
    texts = [c.name for c in table.columns if isinstance(c.type, Text)]
    return typed.astype({**dict.fromkeys(integers, "Int64"), **dict.fromkeys(texts, "str")})
