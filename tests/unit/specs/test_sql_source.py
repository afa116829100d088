from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from include.specs.sql_source import Load, SqlSource
from tests.support.sources import COLUMNS, stays_spec

SEEN_BEFORE = {"check": "unique_across_partitions", "columns": ["stay_id"], "days": "30d", "severity": "warn"}


def source(**fields: Any) -> SqlSource:
    return SqlSource.model_validate({"kind": "sql", "connection": "inn", **fields})


def test_a_table_is_read_by_increments_unless_it_says_otherwise() -> None:
    assert source(table="stays").load is Load.INCREMENT


@pytest.mark.parametrize("fields", [{}, {"table": "stays", "query": "SELECT 1"}])
def test_a_source_is_a_table_or_a_query(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="name a `table` or write a `query`, one of both"):
        source(**fields)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("DELETE FROM stays", "begins with SELECT or WITH"),
        ("-- SELECT\nUPDATE stays SET paid = true", "begins with SELECT or WITH"),
        ("selection", "begins with SELECT or WITH"),
        ("", "begins with SELECT or WITH"),
        ("SELECT * FROM stays;", "leave out the `;`"),
        ("SELECT * FROM stays; -- all", "leave out the `;`"),
        ("SELECT * FROM stays WHERE made_at >= :from", "no parameter :from, only :first, :last_exclusive"),
        ("SELECT * FROM stays WHERE made_on = :ds", "no parameter :ds, only :first, :last_exclusive"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        source(query=query)


def test_the_days_a_state_is_asked_for_are_called_ds() -> None:
    with pytest.raises(ValidationError, match="a query of load state knows no parameter :first, only :ds"):
        source(query="SELECT * FROM stays WHERE made_at < :first", load="state")


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("SELECT * FROM stays", set()),
        ("select made_at::date AS d FROM stays WHERE made_at >= :first", {"first"}),
        ("WITH x AS (SELECT 1) SELECT * FROM x WHERE a >= :first AND a < :last_exclusive",
         {"first", "last_exclusive"}),
        (r"/* why */ SELECT '12\:30' AS t FROM stays", set()),
    ],
)  # fmt: skip
def test_parameters_are_found_where_sqlalchemy_finds_them(query: str, parameters: set[str]) -> None:
    assert source(query=query).parameters == parameters


@pytest.mark.parametrize(
    ("fields", "only_present"),
    [
        ({"table": "stays"}, False),
        ({"table": "stays", "load": "state"}, True),
        ({"query": "SELECT * FROM stays", "load": "state"}, True),
        ({"query": "SELECT * FROM history WHERE day = :ds", "load": "state"}, False),
    ],
)
def test_a_state_without_a_day_to_ask_for_is_only_the_present(
    fields: dict[str, str], only_present: bool
) -> None:
    assert source(**fields).holds_only_present is only_present


def test_the_event_time_of_a_state_is_its_day() -> None:
    state = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}
    with pytest.raises(ValidationError, match="event_time 'made_at' of a state must be a date"):
        stays_spec(source=state)
    spec = stays_spec(source=state, event_time="as_of", columns={**COLUMNS, "as_of": "date"})
    assert spec.is_state
    assert not stays_spec().is_state


@pytest.mark.parametrize(
    ("arrival", "problem"),
    [
        ({"until": "later_rows"}, "a state has no later rows to wait for"),
        ({"until": "noon"}, "Input should be 'rows'"),
        ({"until": "rows", "timeout": "6"}, "write a length of time with its unit: 90s, 5m, 6h or 2d"),
        ({"until": "rows", "timeout": 6}, "write a length of time with its unit"),
        ({"until": "rows", "timeout": "1m"}, "check_every 0:05:00 is longer than timeout 0:01:00"),
    ],
)
def test_a_wait_that_makes_no_sense_is_refused(arrival: dict[str, Any], problem: str) -> None:
    state = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}
    columns = {**COLUMNS, "as_of": "date"}
    with pytest.raises(ValidationError, match=problem):
        stays_spec(source=state, event_time="as_of", columns=columns, arrival=arrival)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"lateness": "3d"}, "holds only its present state, so an earlier day cannot be read again"),
        (
            {"checks": [SEEN_BEFORE]},
            "a state holds the same keys every day",
        ),
    ],
)
def test_what_makes_no_sense_for_a_state_is_refused(changes: dict[str, Any], problem: str) -> None:
    state = {"kind": "sql", "connection": "inn", "table": "stays", "load": "state"}
    columns = {**COLUMNS, "as_of": "date"}
    stays_spec(source=state, event_time="as_of", columns=columns)
    with pytest.raises(ValidationError, match=problem):
        stays_spec(source=state, event_time="as_of", columns=columns, **changes)
