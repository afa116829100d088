from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from time import sleep
from uuid import UUID

import pytest
import sqlalchemy as sa

from include.adapters.sources.sql import open_sql
from include.errors import SourceError, SourceUnavailableError
from tests.support.sources import COLUMNS, DAY, put_stays, stay, stays_spec
from tests.support.sql_rows import count_rows, read_rows

pytestmark = pytest.mark.integration

NEXT = date(2017, 3, 2)
EDGES = [
    datetime(2017, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2017, 3, 1, tzinfo=UTC),
    datetime(2017, 3, 1, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2017, 3, 2, tzinfo=UTC),
]


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("with_zone", [True, False], ids=["timestamptz", "timestamp"])
def test_a_day_is_midnight_to_midnight_utc_whatever_the_servers_zone(
    database_url: str, with_zone: bool
) -> None:
    name = sa.make_url(database_url).database
    execute(database_url, f"ALTER DATABASE \"{name}\" SET timezone = 'Pacific/Auckland'")
    moments = EDGES if with_zone else [moment.replace(tzinfo=None) for moment in EDGES]
    rows = [stay(number, made_at=moment) for number, moment in enumerate(moments)]
    put_stays(database_url, rows, made_at=sa.DateTime(timezone=with_zone))
    table = read_rows(database_url, stays_spec(), DAY, NEXT).sort_by("stay_id")
    assert table["stay_id"].to_pylist() == [1, 2]
    assert table["made_at"].to_pylist() == EDGES[1:3]
    assert count_rows(database_url, stays_spec(), DAY, NEXT) == 2


def test_a_date_may_be_the_event_time(database_url: str) -> None:
    put_stays(database_url, [stay(1), stay(2, arrives=date(2017, 4, 2))])
    spec = stays_spec(event_time="arrives")
    assert read_rows(database_url, spec, date(2017, 4, 1), date(2017, 4, 2))["stay_id"].to_pylist() == [1]


def test_the_databases_own_types_become_the_declared_ones(database_url: str) -> None:
    row = stay(1, guest=UUID(int=5), price=Decimal("12.50"), arrives=None)
    put_stays(database_url, [row], guest=sa.Uuid(), price=sa.Numeric(8, 2), stay_id=sa.SmallInteger())
    assert read_rows(database_url, stays_spec(), DAY, NEXT).to_pylist() == [
        stay(1, guest=str(UUID(int=5)), price=12.5, arrives=None)
    ]


def test_text_with_quotes_and_line_breaks_survives(database_url: str) -> None:
    guests = ["O'Brien", 'the "Duke"', "%s :x {y}", "Zoë 🛎", "line\nbreak", ""]
    put_stays(database_url, [stay(number, guest=guest) for number, guest in enumerate(guests)])
    table = read_rows(database_url, stays_spec(), DAY, NEXT).sort_by("stay_id")
    assert table["guest"].to_pylist() == guests


def test_a_table_in_another_schema_or_a_view_may_be_read(database_url: str) -> None:
    put_stays(database_url, [stay(1)])
    execute(
        database_url,
        'CREATE SCHEMA "Front Desk"',
        "CREATE SCHEMA desk",
        "CREATE VIEW desk.seen AS TABLE stays",
    )
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "table": "desk.seen"})
    assert read_rows(database_url, spec, DAY, NEXT).num_rows == 1
    missing = stays_spec(source={"kind": "sql", "connection": "inn", "table": "desk.unseen"})
    with pytest.raises(SourceError, match=r"no table 'desk\.unseen'; there are: seen"):
        read_rows(database_url, missing, DAY, NEXT)


def test_more_rows_than_a_batch_are_all_read(database_url: str) -> None:
    put_stays(database_url, [])
    execute(
        database_url,
        "INSERT INTO stays SELECT n, '2017-03-01 12:00+00', '2017-04-01', 'Ada', 1.5, true"
        " FROM generate_series(1, 25000) n",
    )
    table = read_rows(database_url, stays_spec(), DAY, NEXT)
    assert sorted(table["stay_id"].to_pylist()) == list(range(1, 25001))


def test_missing_columns_and_wrong_types_are_named(database_url: str) -> None:
    put_stays(database_url, [stay(1, price="cheap")], price=sa.Text())
    with pytest.raises(SourceError, match="has no column tip; it has: stay_id"):
        read_rows(database_url, stays_spec(columns={**COLUMNS, "tip": "number"}), DAY, NEXT)
    with pytest.raises(SourceError, match=r"'price' holds 'cheap' \(str\), which is not a number"):
        read_rows(database_url, stays_spec(), DAY, NEXT)


def test_an_event_time_kept_as_text_is_refused(database_url: str) -> None:
    put_stays(database_url, [], made_at=sa.Text())
    with pytest.raises(SourceError, match="event_time 'made_at' is TEXT in the database"):
        read_rows(database_url, stays_spec(), DAY, NEXT)


def test_a_moment_python_cannot_hold_is_the_sources_fault(database_url: str) -> None:
    put_stays(database_url, [stay(1)])
    execute(database_url, "ALTER TABLE stays ADD seen timestamptz DEFAULT 'infinity'")
    with pytest.raises(SourceError, match="'seen' holds a moment outside the years 1 to 9999"):
        read_rows(database_url, stays_spec(columns={**COLUMNS, "seen": "timestamp"}), DAY, NEXT)


def test_a_table_without_the_right_to_read_it_is_refused(database_url: str) -> None:
    put_stays(database_url, [stay(1)])
    execute(database_url, "REVOKE SELECT ON stays FROM CURRENT_USER")
    with pytest.raises(SourceError, match="permission denied"):
        read_rows(database_url, stays_spec(), DAY, NEXT)


def test_a_wrong_password_is_not_shown(database_url: str) -> None:
    url = sa.make_url(database_url).set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(SourceUnavailableError, match="does not answer") as raised:
        read_rows(url, stays_spec(), DAY, NEXT)
    assert "hunter2" not in f"{raised.value} {raised.value.__cause__}"


def test_a_long_read_does_not_trip_over_the_servers_patience_with_idle_transactions(
    database_url: str,
) -> None:
    name = sa.make_url(database_url).database
    execute(database_url, f"ALTER DATABASE \"{name}\" SET idle_in_transaction_session_timeout = '200ms'")
    put_stays(database_url, [stay(number) for number in range(3)])
    with open_sql(database_url, stays_spec()) as source:
        batches = source.read(DAY, NEXT)
        assert next(batches).num_rows == 3
        sleep(0.5)  # as if the rows were being written
        assert list(batches) == []
        assert set(source.found_columns()) == set(COLUMNS)
