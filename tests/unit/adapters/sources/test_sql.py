from __future__ import annotations

import traceback
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from include.adapters.arrow_columns import arrow_schema
from include.adapters.sources import sql
from include.errors import SettingsError, SourceError, SourceUnavailableError
from include.local.ports import free_port
from tests.support.sources import COLUMNS, DAY, put_stays, sqlite_url, stay, stays_spec
from tests.support.sql_rows import count_rows, read_rows

NEXT = date(2017, 3, 2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


def ids(table: pa.Table) -> list[int]:
    return sorted(table["stay_id"].to_pylist())


def test_rows_have_the_declared_types(url: str) -> None:
    put_stays(url, [stay(1), stay(2, guest=None, price=None, paid=None, arrives=None)])
    table = read_rows(url, stays_spec(), DAY, NEXT)
    assert table.schema == arrow_schema(stays_spec().columns)
    assert table.sort_by("stay_id").to_pylist() == [
        stay(1),
        stay(2, guest=None, price=None, paid=None, arrives=None),
    ]


def test_a_day_is_midnight_to_midnight_utc(url: str) -> None:
    moments = [
        datetime(2017, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2017, 3, 1, tzinfo=UTC),
        datetime(2017, 3, 1, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2017, 3, 2, tzinfo=UTC),
    ]
    put_stays(url, [stay(number, made_at=moment) for number, moment in enumerate(moments)])
    assert ids(read_rows(url, stays_spec(), DAY, NEXT)) == [1, 2]
    assert count_rows(url, stays_spec(), DAY, NEXT) == 2


@pytest.mark.parametrize("text", ["2017-03-01", "2017-03-01 00:00:00", "2017-03-01T00:00:00Z"])
def test_sqlite_text_of_any_iso_form_finds_its_day(url: str, text: str) -> None:
    put_stays(url, [stay(1, made_at=text)], made_at=sa.Text())
    assert ids(read_rows(url, stays_spec(), DAY, NEXT)) == [1]
    assert ids(read_rows(url, stays_spec(), date(2017, 2, 28), DAY)) == []


def test_text_with_a_zone_does_not_land_on_the_wrong_day(url: str) -> None:
    put_stays(url, [stay(1, made_at="2017-03-01T01:00:00+02:00")], made_at=sa.Text())
    with pytest.raises(SourceError, match="1 rows belong to another UTC day, such as 2017-02-28T23:00:00"):
        read_rows(url, stays_spec(), DAY, NEXT)


def test_a_date_may_be_the_event_time(url: str) -> None:
    put_stays(url, [stay(1), stay(2, arrives=date(2017, 4, 2))])
    spec = stays_spec(event_time="arrives")
    assert ids(read_rows(url, spec, date(2017, 4, 1), date(2017, 4, 2))) == [1]


def test_a_day_without_rows_is_an_empty_table_of_the_same_schema(url: str) -> None:
    put_stays(url, [])
    table = read_rows(url, stays_spec(), DAY, NEXT)
    assert table.num_rows == 0
    assert table.schema == arrow_schema(stays_spec().columns)


def test_more_rows_than_a_batch_are_all_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 7)
    put_stays(url, [stay(number) for number in range(50)])
    assert ids(read_rows(url, stays_spec(), DAY, NEXT)) == list(range(50))


def test_quotes_and_odd_characters_survive(url: str) -> None:
    guests = ["O'Brien", 'the "Duke"', "a;DROP TABLE stays;--", "%s :x {y}", "Zoë 🛎", "line\nbreak", ""]
    put_stays(url, [stay(number, guest=guest) for number, guest in enumerate(guests)])
    table = read_rows(url, stays_spec(), DAY, NEXT).sort_by("stay_id")
    assert table["guest"].to_pylist() == guests


def test_reserved_and_mixed_case_identifiers_are_quoted(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE TABLE "order" ("Group" INTEGER, "select" TEXT)'))
        connection.execute(sa.text("INSERT INTO \"order\" VALUES (5, '2017-03-01')"))
    spec = stays_spec(
        source={"kind": "sql", "connection": "inn", "table": "order"},
        key=["Group"],
        event_time="select",
        columns={"Group": "integer", "select": "timestamp"},
        contract=[{"expect": "column_values_to_not_be_null", "column": "Group", "severity": "block"}],
    )
    assert read_rows(url, spec, DAY, NEXT)["Group"].to_pylist() == [5]


def test_a_missing_table_is_named_with_those_there_are(url: str) -> None:
    put_stays(url, [])
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "table": "stayz"})
    with pytest.raises(SourceError, match="no table 'stayz'; there are: stays"):
        read_rows(url, spec, DAY, NEXT)


def test_missing_columns_are_all_named(url: str) -> None:
    put_stays(url, [])
    spec = stays_spec(columns={**COLUMNS, "tip": "number", "mood": "string"})
    with pytest.raises(SourceError, match="no column tip, mood; it has: stay_id, made_at") as raised:
        read_rows(url, spec, DAY, NEXT)
    assert raised.value.facts["missing"] == ["tip", "mood"]


def test_a_value_of_another_type_is_named(url: str) -> None:
    put_stays(url, [stay(1, price="cheap")], price=sa.Text())
    with pytest.raises(
        SourceError, match=r"column 'price' holds 'cheap' \(str\), which is not a number"
    ) as raised:
        read_rows(url, stays_spec(), DAY, NEXT)
    assert raised.value.where == "connection 'inn', table 'stays', row with stay_id 1"


@pytest.mark.parametrize(
    "address", ["not an address hunter2", "nosuch://u:hunter2@h/d", "postgresql+nosuch://u:hunter2@h/d"]
)
def test_an_address_that_cannot_be_opened_is_a_setting_to_mend(address: str) -> None:
    with pytest.raises(SettingsError, match="inn") as raised:
        read_rows(address, stays_spec(), DAY, NEXT)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_server_that_does_not_answer_may_be_tried_again() -> None:
    address = f"postgresql+psycopg://teller:hunter2@127.0.0.1:{free_port()}/inn"
    with pytest.raises(SourceUnavailableError, match="does not answer") as raised:
        read_rows(address, stays_spec(), DAY, NEXT)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))
