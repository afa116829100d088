from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.mysql import DATETIME

from include.adapters.sources import sql
from include.adapters.sources.sql import open_sql
from include.errors import SourceError, SourceUnavailableError
from tests.support.mariadb import mariadb, why_not
from tests.support.sources import COLUMNS, DAY, put_stays, stay, stays_spec
from tests.support.sql_rows import count_rows, read_rows

pytestmark = [pytest.mark.integration, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]

NEXT = date(2017, 3, 2)
MOMENTS = [
    datetime(2017, 2, 28, 23, 59, 59, 999999),  # noqa: DTZ001 - MariaDB stores moments without a zone
    datetime(2017, 3, 1),  # noqa: DTZ001
    datetime(2017, 3, 1, 23, 59, 59, 999999),  # noqa: DTZ001
    datetime(2017, 3, 2),  # noqa: DTZ001
]
PRECISE = DATETIME(fsp=6)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    execute(server, "DROP TABLE IF EXISTS stays")
    return server


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def naive(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "made_at": row["made_at"].replace(tzinfo=None)}


def test_rows_have_the_declared_types(url: str) -> None:
    rows = [stay(1), stay(2, guest=None, price=None, paid=None, arrives=None), stay(3, guest="Zoë 🛎 O'Brien")]
    put_stays(url, map(naive, rows), price=sa.Numeric(8, 2), made_at=PRECISE)
    assert read_rows(url, stays_spec(), DAY, NEXT).sort_by("stay_id").to_pylist() == rows


def test_a_day_is_midnight_to_midnight_utc(url: str) -> None:
    put_stays(url, [stay(n, made_at=moment) for n, moment in enumerate(MOMENTS)], made_at=PRECISE)
    table = read_rows(url, stays_spec(), DAY, NEXT).sort_by("stay_id")
    assert table["stay_id"].to_pylist() == [1, 2]
    assert table["made_at"].to_pylist() == [moment.replace(tzinfo=UTC) for moment in MOMENTS[1:3]]
    assert count_rows(url, stays_spec(), DAY, NEXT) == 2


def test_a_timestamp_is_utc_whatever_the_servers_zone(url: str) -> None:
    put_stays(url, [], made_at=sa.TIMESTAMP())
    execute(
        url, "SET time_zone = '+00:00'", "INSERT INTO stays (stay_id, made_at) VALUES (1, '2017-03-01 00:30')"
    )
    table = read_rows(url, stays_spec(), DAY, NEXT)
    assert table["made_at"].to_pylist() == [datetime(2017, 3, 1, 0, 30, tzinfo=UTC)]


def test_a_query_knows_its_days_and_types(url: str) -> None:
    put_stays(url, [stay(n, made_at=moment) for n, moment in enumerate(MOMENTS)], made_at=PRECISE)
    query = (
        "SELECT s.*, '100% \\: sure' AS note FROM stays s"
        " WHERE made_at >= :first AND made_at < :last_exclusive -- the day's"
    )
    source = {"kind": "sql", "connection": "inn", "query": query}
    with open_sql(url, stays_spec(source=source, columns={**COLUMNS, "note": "string"})) as opened:
        rows = [row for batch in opened.read(DAY, NEXT) for row in batch.to_pylist()]
        natives = opened.found_columns()
    assert sorted(row["stay_id"] for row in rows) == [1, 2]
    assert {row["note"] for row in rows} == {"100% : sure"}
    assert natives == {
        "stay_id": "BIGINT", "made_at": "DATETIME", "arrives": "DATE", "guest": "TEXT", "price": "FLOAT",
        "paid": "TINYINT", "note": "VARCHAR",
    }  # fmt: skip


@pytest.mark.parametrize(("column", "shown"), [("arrives", "0000-00-00"), ("made_at", "0000-00-00 00:00:00")])
def test_a_date_of_zeros_is_named(url: str, column: str, shown: str) -> None:
    put_stays(url, [naive(stay(1))], made_at=sa.DateTime())
    execute(url, f"UPDATE stays SET {column} = '0000-00-00'")
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "table": "stays", "load": "state"},
                      event_time="as_of", columns={**COLUMNS, "as_of": "date"})  # fmt: skip
    with pytest.raises(SourceError, match=f"column '{column}' holds '{shown}' .str., which is not a"):
        read_rows(url, spec, DAY, NEXT)


def test_more_rows_than_a_batch_are_streamed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 700)
    put_stays(url, [], made_at=sa.DateTime())
    execute(
        url,
        "INSERT INTO stays SELECT seq, '2017-03-01 12:00', '2017-04-01', 'Ada', 1.5, true FROM seq_1_to_5000",
    )
    with open_sql(url, stays_spec()) as source:
        sizes = [batch.num_rows for batch in source.read(DAY, NEXT)]
    assert sum(sizes) == 5000
    assert max(sizes) == 700


# In a process of its own: PyMySQL's cursors complain when they are collected after their connection is gone.
CUT = """
import sys
import sqlalchemy as sa
from include.adapters.sources import sql
from include.errors import SourceUnavailableError
from tests.support.sources import stays_spec
from datetime import date

sql.BATCH_ROWS = 100
with sql.open_sql(sys.argv[1], stays_spec()) as source:
    batches = source.read(date(2017, 3, 1), date(2017, 3, 2))
    print(next(batches).num_rows)
    with sa.create_engine(sys.argv[1]).connect() as other:
        mine = "user = 'teller' AND id != connection_id()"
        query = sa.text(f"SELECT id FROM information_schema.processlist WHERE {mine}")
        for number in other.execute(query).scalars().all():
            other.execute(sa.text(f"KILL {number}"))
    try:
        list(batches)
    except SourceUnavailableError as error:
        print(error)
"""


def test_a_connection_cut_midway_may_be_tried_again(url: str) -> None:
    put_stays(url, [], made_at=sa.DateTime())
    execute(
        url,
        "INSERT INTO stays SELECT seq, '2017-03-01 12:00', '2017-04-01', REPEAT('Ada', 3000), 1.5, true"
        " FROM seq_1_to_5000",
    )
    cut = subprocess.run([sys.executable, "-c", CUT, url], capture_output=True, text=True, check=True)
    rows, message = cut.stdout.splitlines()
    assert rows == "100"
    assert "the database does not answer" in message
    assert str(sa.make_url(url).password) not in message


def test_a_missing_table_and_column_are_named(url: str) -> None:
    with pytest.raises(SourceError, match="no table 'stays'; there are: none"):
        read_rows(url, stays_spec(), DAY, NEXT)
    put_stays(url, [], made_at=sa.DateTime())
    with pytest.raises(SourceError, match="has no column tip; it has: stay_id"):
        read_rows(url, stays_spec(columns={**COLUMNS, "tip": "number"}), DAY, NEXT)


@pytest.mark.parametrize(
    "query", ["SELECT * FROM mysql.user", "SELECT nothing FROM stays", "SELECT * FORM x"]
)
def test_a_query_that_is_refused_is_a_mistake_not_an_outage(url: str, query: str) -> None:
    put_stays(url, [], made_at=sa.DateTime())
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "query": query})
    with pytest.raises(SourceError, match="refuses the query"):
        read_rows(url, spec, DAY, NEXT)


def test_a_wrong_password_is_not_shown(url: str) -> None:
    wrong = sa.make_url(url).set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(SourceUnavailableError, match="does not answer") as raised:
        read_rows(wrong, stays_spec(), DAY, NEXT)
    assert "hunter2" not in f"{raised.value} {raised.value.__cause__}"


def test_a_source_is_never_written_to(url: str) -> None:
    put_stays(url, [naive(stay(1))], made_at=sa.DateTime())
    with open_sql(url, stays_spec()) as source:
        assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
        with source._transaction(), pytest.raises(Exception, match="READ ONLY transaction"):
            source._connection.exec_driver_sql("DELETE FROM stays")
