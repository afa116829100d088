from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, NullPool, create_engine, func, select, text

from include.demo.schema import BOOKING_OUTCOMES, BOOKINGS, HotelTables
from include.demo.seed import fill_source, seed_source
from include.demo.simulator import simulate

pytestmark = pytest.mark.integration


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def week(seed: int = 1) -> HotelTables:
    return simulate(date(2017, 4, 1), date(2017, 4, 7), rows_per_day=40, seed=seed)


def test_tables_hold_the_rows(database_url: str, engine: Engine) -> None:
    tables = week()
    assert fill_source(database_url, tables)
    with engine.connect() as connection:
        rows = connection.execute(select(BOOKINGS).order_by("booking_id")).mappings().all()
        outcomes = connection.scalar(select(func.count()).select_from(BOOKING_OUTCOMES))
    expected = tables.bookings
    assert len(rows) == outcomes == len(expected)
    assert [row["booked_at"] for row in rows] == list(expected["booked_at"])
    assert [row["adr"] for row in rows] == list(expected["adr"])
    for column in ("agent", "company", "country", "lead_time"):
        assert [row[column] is None for row in rows] == list(expected[column].isna())


def test_the_same_rows_are_not_written_twice(database_url: str, engine: Engine) -> None:
    fill_source(database_url, week())
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT min(xmin::text) || max(xmin::text) FROM bookings"))
    assert not fill_source(database_url, week())
    with engine.connect() as connection:
        after = connection.scalar(text("SELECT min(xmin::text) || max(xmin::text) FROM bookings"))
    assert before == after


def test_other_rows_replace_what_was_there(database_url: str, engine: Engine) -> None:
    fill_source(database_url, week(seed=1))
    assert fill_source(database_url, week(seed=2))
    with engine.connect() as connection:
        prices = connection.scalars(select(BOOKINGS.c.adr).order_by(BOOKINGS.c.booking_id)).all()
    assert prices == list(week(seed=2).bookings["adr"])


def test_a_failed_fill_leaves_the_old_rows(database_url: str, engine: Engine) -> None:
    good, bad = week(seed=1), week(seed=2)
    fill_source(database_url, good)
    broken = bad.outcomes.astype({"is_canceled": "object"})
    broken.loc[broken.index[-1], "is_canceled"] = "maybe"
    with pytest.raises(Exception, match="maybe"):
        fill_source(database_url, HotelTables(bad.bookings, broken))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(BOOKINGS)) == len(good.bookings)
    assert not fill_source(database_url, good)


def test_seeding_says_what_is_there(database_url: str) -> None:
    first, second = (seed_source(database_url, rows_per_day=2) for _ in range(2))
    assert "simulated bookings" in first
    assert second == f"{first}, there already"
