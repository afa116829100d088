"""Queries, states and arrival, on SQLite; other databases differ in types alone."""

from __future__ import annotations

import logging
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from include.adapters.sources.base import Readiness
from include.adapters.sources.sql import open_sql
from include.errors import SourceError, SourceUnavailableError
from include.specs import DatasetSpec
from tests.support.sources import COLUMNS, DAY, put_stays, sqlite_url, stay, stays_spec
from tests.support.sql_rows import count_rows, read_rows

BEFORE, NEXT = date(2017, 2, 28), date(2017, 3, 2)
AS_STATE = {"event_time": "as_of", "columns": {**COLUMNS, "as_of": "date"}}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


def of_query(query: str, load: str = "increment", **changes: Any) -> DatasetSpec:
    source = {"kind": "sql", "connection": "inn", "query": query, "load": load}
    return stays_spec(**{"source": source, **changes})


def state(**changes: Any) -> DatasetSpec:
    source = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}
    return stays_spec(**{"source": source, **AS_STATE, **changes})


def ids(url: str, spec: DatasetSpec, first: date = DAY, last_exclusive: date = NEXT) -> list[int]:
    return sorted(read_rows(url, spec, first, last_exclusive)["stay_id"].to_pylist())


def execute(url: str, statement: str, *parameters: Any) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement, parameters)
    connection.close()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM stays",
        "SELECT * FROM stays WHERE made_at >= :first AND made_at < :last_exclusive",
        "SELECT * FROM stays WHERE made_at <= :last_exclusive -- the next midnight too",
        "WITH mine AS (SELECT * FROM stays) SELECT * FROM mine",
        "SELECT * FROM stays WHERE guest NOT LIKE '%: a%' /* percent and colon */",
    ],
)
def test_a_query_yields_the_rows_of_the_day(url: str, query: str) -> None:
    put_stays(url, [stay(1, BEFORE), stay(2), stay(3, NEXT)])
    assert ids(url, of_query(query)) == [2]


def test_a_query_that_is_asked_for_its_days_is_read_day_by_day(url: str) -> None:
    put_stays(url, [stay(1)])
    assert count_rows(url, of_query("SELECT * FROM stays"), DAY, NEXT) == 1
    assert count_rows(url, of_query("SELECT * FROM stays WHERE made_at >= :first"), DAY, NEXT) is None


def test_missing_columns_of_a_query_are_named(url: str) -> None:
    put_stays(url, [])
    with pytest.raises(
        SourceError, match="the query has no column guest, price, paid; it has: stay_id, made_at"
    ):
        ids(url, of_query("SELECT stay_id, made_at, arrives FROM stays"))


@pytest.mark.parametrize("query", ["SELECT * FORM stays", "SELECT * FROM stayz", "SELECT nothing FROM stays"])
def test_a_query_the_database_does_not_understand_is_a_mistake_not_an_outage(url: str, query: str) -> None:
    put_stays(url, [])
    with pytest.raises(SourceError, match="refuses the query"):
        ids(url, of_query(query))


def test_columns_of_any_name_are_found_beside_the_declared_ones(url: str) -> None:
    put_stays(url, [stay(1)])
    execute(url, """ALTER TABLE stays ADD COLUMN "Ode à l'""%s :x" TEXT""")
    for spec in (stays_spec(), of_query("SELECT * FROM stays")):
        with open_sql(url, spec) as source:
            assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
            assert list(source.found_columns()) == [*COLUMNS, "Ode à l'\"%s :x"]


def test_a_manifest_says_what_was_read(url: str) -> None:
    put_stays(url, [stay(1)])
    query = "SELECT * FROM stays WHERE made_at >= :first"
    with open_sql(url, of_query(query)) as source:
        assert source.describe(DAY) == {
            "connection": "inn", "query": query, "event_time": "made_at",
            "first": "2017-03-01", "last_exclusive": "2017-03-02",
        }  # fmt: skip
    with open_sql(url, state()) as source:
        assert source.describe(DAY) == {
            "connection": "inn", "table": "stays", "load": "state", "as_of": "2017-03-01"
        }  # fmt: skip


def test_a_state_is_all_rows_with_the_day_filled_in(url: str) -> None:
    put_stays(url, [stay(1, BEFORE), stay(2), stay(3, NEXT), stay(4, made_at=None)])
    table = read_rows(url, state(), DAY, NEXT).sort_by("stay_id")
    assert table["stay_id"].to_pylist() == [1, 2, 3, 4]
    assert set(table["as_of"].to_pylist()) == {DAY}
    assert table.column_names == list(AS_STATE["columns"])


def test_a_state_of_a_query_may_be_asked_for_any_day(url: str) -> None:
    put_stays(url, [stay(1, BEFORE), stay(2), stay(3, NEXT)])
    query = "SELECT *, CAST(:ds AS TEXT) AS as_of FROM stays WHERE date(made_at) <= :ds"
    spec = of_query(query, "state", **AS_STATE)
    assert ids(url, spec, BEFORE, DAY) == [1]
    assert ids(url, spec, DAY, NEXT) == [1, 2]
    assert ids(url, spec, BEFORE, NEXT) == [1, 1, 2]


@pytest.mark.parametrize(("as_of", "shown"), [("'2017-03-02'", "2017-03-02"), ("NULL", "one without any")])
def test_a_state_that_names_another_day_is_refused(url: str, as_of: str, shown: str) -> None:
    put_stays(url, [stay(1)])
    spec = of_query(f"SELECT *, {as_of} AS as_of FROM stays", "state", **AS_STATE)
    with pytest.raises(SourceError, match=f"1 rows belong to another UTC day, such as {shown}"):
        ids(url, spec)


def test_rows_without_event_time_are_told_and_recorded(url: str, caplog: pytest.LogCaptureFixture) -> None:
    put_stays(url, [stay(1), stay(2, made_at=None), stay(3, made_at=None)])
    with open_sql(url, stays_spec()) as source:
        for _ in range(2):
            assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
        assert source.describe(DAY)["rows_without_event_time"] == "2"
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "table 'stays' has 2 rows without made_at" in warnings[0].getMessage()


def test_a_source_whose_rows_all_have_an_event_time_says_nothing(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(url, [stay(1)])
    with open_sql(url, stays_spec()) as source:
        assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
        assert "rows_without_event_time" not in source.describe(DAY)
    assert caplog.messages == []


def test_text_that_is_not_utf8_is_a_fault_of_the_data(url: str) -> None:
    put_stays(url, [stay(1)])
    execute(url, "UPDATE stays SET guest = CAST(? AS TEXT)", b"Caf\xe9")
    with pytest.raises(SourceError, match=r"column 'guest' holds text that is not UTF-8\. Next: mend"):
        ids(url, stays_spec())


def test_a_locked_database_may_be_tried_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_stays(url, [stay(1)])
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceUnavailableError, match="database is locked"):
        ids(f"{url}?timeout=0", stays_spec())
    other.close()


def test_a_source_is_never_written_to(url: str) -> None:
    put_stays(url, [stay(1)])
    with open_sql(url, stays_spec()) as source:
        list(source.read(DAY, NEXT))
        with pytest.raises(Exception, match="readonly database"):
            source._connection.exec_driver_sql("DELETE FROM stays")


@pytest.mark.parametrize(
    ("days", "until", "ready", "reason"),
    [
        ([], "rows", False, "table 'stays' has no row of 2017-03-01 yet"),
        ([BEFORE, NEXT], "rows", False, "table 'stays' has no row of 2017-03-01 yet"),
        ([DAY], "rows", True, "table 'stays' has a row of 2017-03-01"),
        ([BEFORE, DAY], "later_rows", False, "table 'stays' has no row later than 2017-03-01 yet"),
        ([NEXT], "later_rows", True, "table 'stays' has a row later than 2017-03-01"),
    ],
)
def test_a_day_is_ready_when_its_rows_or_later_ones_are_there(
    url: str, days: list[date], until: str, ready: bool, reason: str
) -> None:
    put_stays(url, [stay(number, day) for number, day in enumerate(days)])
    asked = "SELECT * FROM stays WHERE made_at >= :first AND made_at < :last_exclusive"
    for spec in (stays_spec(arrival={"until": until}), of_query(asked, arrival={"until": until})):
        with open_sql(url, spec) as source:
            found = source.is_ready(DAY)
        assert found.ready is ready
        assert found.reason == reason.replace("table 'stays'", spec.source.title)


def test_a_state_is_ready_once_there_is_anything(url: str) -> None:
    put_stays(url, [])
    with open_sql(url, state(arrival={"until": "rows"})) as source:
        assert source.is_ready(DAY) == Readiness(False, "table 'stays' has no row yet")
    put_stays(url, [stay(1, NEXT)])
    with open_sql(url, state(arrival={"until": "rows"})) as source:
        assert source.is_ready(DAY).ready


def test_what_cannot_be_reached_is_not_merely_late(tmp_path: Path) -> None:
    with (
        open_sql(sqlite_url(tmp_path), stays_spec()) as source,
        pytest.raises(SourceError, match="no table 'stays'"),
    ):
        source.is_ready(DAY)
