"""PostgreSQL's rows come the same by COPY and Arrow as they do value by value through Python."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.sources import postgres_arrow
from include.adapters.sources.sql import open_sql
from include.errors import PerennialError, SourceError, SourceUnavailableError
from include.specs import DatasetSpec
from tests.support.sources import COLUMNS, DAY, put_stays, stay, stays_spec
from tests.support.sql_rows import read_rows

pytestmark = pytest.mark.integration

NEXT = date(2017, 3, 2)
MOMENTS = st.sampled_from(
    [
        "2017-03-01 00:00:00", "2017-03-26 02:30:00", "1969-12-31 23:59:59.999999", "0001-01-01 00:00:00",
        "9999-12-31 23:59:59.999999", "10000-01-01 00:00:00", "infinity", "-infinity",
        "0044-03-15 12:00:00 BC", "294276-12-31 00:00:00",
    ]
)  # fmt: skip
DATES = st.sampled_from(
    ["2017-03-01", "1970-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "infinity", "-infinity",
     "0044-03-15 BC", "5874897-12-31"]
)  # fmt: skip
NUMBERS = st.floats(width=64).map(repr).map(lambda text: text.replace("inf", "Infinity"))
NUMERICS = st.sampled_from(
    [
        "0",
        "12.50",
        "-0.1",
        "1e-320",
        "1e-400",
        "1e308",
        "1e400",
        "NaN",
        "9007199254740993",
        "0.1000000000000000055",
    ]
)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
PLAIN_DATES, PLAIN_MOMENTS = st.just("2017-03-01"), st.just("2017-03-01 12:30:00.5")


def whole_numbers(bits: int) -> st.SearchStrategy[str]:
    ends = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
    return (st.integers(*ends) | st.sampled_from([*ends, 0])).map(str)


# column: (type in the database, type declared, strategy)
SOUND: dict[str, tuple[str, str, st.SearchStrategy[str]]] = {
    "Small": ("int2", "integer", whole_numbers(16)),
    "middle": ("int4", "number", whole_numbers(32)),
    "large": ("int8", "integer", whole_numbers(64)),
    "exact": ("int8", "number", st.integers(-(2**53), 2**53).map(str)),
    "single": ("float4", "number", st.floats(width=32).map(repr).map(lambda t: t.replace("inf", "Infinity"))),
    "double": ("float8", "number", NUMBERS),
    "money": ("numeric(12,2)", "number", st.decimals(-(10**9), 10**9, places=2).map(str) | st.just("NaN")),
    "select": ("text", "string", TEXTS),
    "short": ("varchar(30)", "string", TEXTS),
    "padded": ("char(5)", "string", st.text("abç'\"\\", max_size=5)),
    "paid": ("boolean", "boolean", st.sampled_from(["true", "false"])),
    "seen": ("date", "date", PLAIN_DATES),
    "seen_at": ("date", "timestamp", PLAIN_DATES),
    "left_at": ("timestamp", "timestamp", PLAIN_MOMENTS),
    "_Zoned": ("timestamptz", "timestamp", PLAIN_MOMENTS),
    "id": ("uuid", "string", st.uuids().map(str)),
    "mood": ("mood", "string", st.sampled_from(["glad", "it's so-so"])),
}
DOUBTFUL: dict[str, tuple[str, str, st.SearchStrategy[str]]] = {
    "d": ("date", "date", DATES),
    "dt": ("date", "timestamp", DATES),
    "t": ("timestamp", "timestamp", MOMENTS),
    "tz": ("timestamptz", "timestamp", MOMENTS),
    "n": ("int8", "number", whole_numbers(64)),
    "m": ("numeric", "number", NUMERICS),
}


Columns = dict[str, tuple[str, str, st.SearchStrategy[str]]]


def rows_of(columns: Columns) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    cells = [st.none() | strategy for _, _, strategy in columns.values()]
    return st.lists(st.tuples(*cells), max_size=6)


def spec_of(columns: dict[str, tuple[str, str, Any]]) -> DatasetSpec:
    declared = {name: declared for name, (_, declared, _) in columns.items()}
    return stays_spec(columns={"stay_id": "integer", "made_at": "timestamp", **declared}, contract=[
        {"expect": "column_values_to_not_be_null", "column": "stay_id", "severity": "block"}
    ])  # fmt: skip


def fill(url: str, columns: dict[str, tuple[str, str, Any]], rows: list[tuple[Any, ...]]) -> None:
    kinds = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in columns.items())
    casts = ", ".join(f"CAST(:c{n} AS text)::{kind}" for n, (kind, _, _) in enumerate(columns.values()))
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS stays"))
        connection.execute(sa.text("DROP TYPE IF EXISTS mood"))
        connection.execute(sa.text("CREATE TYPE mood AS ENUM ('glad', 'it''s so-so')"))
        connection.execute(sa.text(f"CREATE TABLE stays (stay_id int, made_at timestamptz, {kinds})"))
        for number, row in enumerate(rows):
            values = {f"c{n}": value for n, value in enumerate(row)}
            statement = f"INSERT INTO stays VALUES ({number}, '2017-03-01 12:00+00', {casts})"
            connection.execute(sa.text(statement), values)


@contextmanager
def only(monkeypatch: pytest.MonkeyPatch, *, arrow: bool) -> Iterator[None]:
    """Let sources be read one way alone; the other fails."""

    def refuse(*_: object) -> Any:
        raise AssertionError("read the other way")

    with monkeypatch.context() as patch:
        if arrow:
            patch.setattr("include.adapters.sources.sql._to_batch", refuse)
        else:
            patch.setattr(postgres_arrow.PostgresArrow, "plan", lambda *_: "asked for")
        yield


def outcome(url: str, spec: DatasetSpec) -> pa.Table | type[PerennialError]:
    try:
        return read_rows(url, spec, DAY, NEXT).sort_by("stay_id").combine_chunks()
    except PerennialError as error:
        return type(error)


@pytest.fixture(scope="module")
def url(module_database: Callable[[], str]) -> str:
    return module_database()


@settings(max_examples=40)
@given(rows_of(SOUND))
def test_both_ways_give_the_same_rows(url: str, rows: list[tuple[Any, ...]]) -> None:
    fill(url, SOUND, rows)
    with pytest.MonkeyPatch.context() as monkeypatch:
        with only(monkeypatch, arrow=True):
            fast = read_rows(url, spec_of(SOUND), DAY, NEXT).sort_by("stay_id")
        with only(monkeypatch, arrow=False):
            slow = read_rows(url, spec_of(SOUND), DAY, NEXT).sort_by("stay_id")
    assert fast.num_rows == len(rows)
    assert fast.schema == slow.schema
    for name in fast.column_names:  # NaN cannot hide: it is missing on both ways
        assert fast[name].combine_chunks().equals(slow[name].combine_chunks()), name


@settings(max_examples=40)
@given(rows_of(DOUBTFUL))
def test_both_ways_refuse_the_same_values(url: str, rows: list[tuple[Any, ...]]) -> None:
    fill(url, DOUBTFUL, rows)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast = outcome(url, spec_of(DOUBTFUL))
        with only(monkeypatch, arrow=False):
            slow = outcome(url, spec_of(DOUBTFUL))
    assert fast == slow


@pytest.mark.parametrize("column", DOUBTFUL)
def test_what_one_way_refuses_the_other_refuses_too(
    url: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {column: DOUBTFUL[column]}
    values = {
        "d": ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01"],
        "dt": ["infinity", "-infinity", "0044-03-15 BC", "5874897-12-31"],
        "t": ["infinity", "-infinity", "0044-03-15 12:00 BC", "10000-01-01"],
        "tz": ["infinity", "-infinity", "0044-03-15 12:00 BC", "294276-12-31"],
        "n": [str(2**53 + 1), str(-(2**53) - 1), str(2**63 - 1)],
        "m": ["1e400", "-1e400", "1e-400"],
    }[column]
    for value in values:
        fill(url, one, [(value,)])
        assert outcome(url, spec_of(one)) is SourceError, value
        with only(monkeypatch, arrow=False):
            assert outcome(url, spec_of(one)) is SourceError, value


def test_large_integers_that_a_float_holds_exactly_are_numbers(url: str) -> None:
    fill(url, {"n": DOUBTFUL["n"]}, [(str(2**53 + 2),), (str(-(2**62)),)])
    table = read_rows(url, spec_of({"n": DOUBTFUL["n"]}), DAY, NEXT).sort_by("stay_id")
    assert table["n"].to_pylist() == [float(2**53 + 2), float(-(2**62))]


def test_a_type_it_does_not_know_is_read_row_by_row_and_said(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    put_stays(database_url, [stay(1, guest="{}")], stay_id=sa.Numeric(5, 0))
    with caplog.at_level(logging.INFO, "include.adapters.sources.sql"):
        assert read_rows(database_url, stays_spec(), DAY, NEXT)["stay_id"].to_pylist() == [1]
    assert caplog.messages == [
        "table 'stays' is read row by row: 'stay_id' is NUMERIC(precision=5, scale=0) there and integer here"
    ]


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_text_in_no_known_encoding_is_refused(
    postgres: Any, database_url: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = sa.make_url(database_url).database
    with postgres._connect() as connection:
        connection.execute(f"DROP DATABASE {name}")
        connection.execute(f"CREATE DATABASE {name} OWNER {name} ENCODING 'SQL_ASCII' TEMPLATE template0")
    url = f"{database_url}?client_encoding=utf8"
    put_stays(url, [stay(1)])
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(r"UPDATE stays SET guest = convert_from('\xff', 'SQL_ASCII')"))
    with only(monkeypatch, arrow=arrow), pytest.raises(SourceError, match=r"invalid byte sequence.* 0xff"):
        read_rows(database_url, stays_spec(), DAY, NEXT)


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_a_connection_cut_midway_may_be_tried_again(
    database_url: str, postgres: Any, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(database_url, [])
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(
            "INSERT INTO stays SELECT n, '2017-03-01 12:00+00', '2017-04-01', repeat('Ada', 300), 1.5, true"
            " FROM generate_series(1, 60000) n"
        ))  # fmt: skip
    with only(monkeypatch, arrow=arrow), open_sql(database_url, stays_spec()) as source:
        batches = source.read(DAY, NEXT)
        seen = next(batches).num_rows
        with postgres._connect() as connection:
            name = sa.make_url(database_url).database
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
        with pytest.raises(SourceUnavailableError, match="does not answer") as raised:
            seen += sum(batch.num_rows for batch in batches)
    assert 0 < seen < 60000
    password = sa.make_url(database_url).password
    assert password not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_a_field_of_ten_megabytes_is_read_whole(
    database_url: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(database_url, [stay(1, guest="ä" * 5_000_000), stay(2)])
    with only(monkeypatch, arrow=arrow):
        table = read_rows(database_url, stays_spec(), DAY, NEXT).sort_by("stay_id")
    assert table["guest"].to_pylist() == ["ä" * 5_000_000, "Ada"]


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_a_query_that_fails_midway_is_the_sources_fault(
    database_url: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(database_url, [])
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(
            "INSERT INTO stays SELECT n, '2017-03-01 12:00+00', '2017-04-01', repeat('Ada', 300), 1.5, true"
            " FROM generate_series(1, 30000) n"
        ))  # fmt: skip
        connection.execute(sa.text(
            "CREATE VIEW broken AS SELECT (1 / (29999 - stay_id))::bigint AS stay_id, made_at, arrives,"
            " guest, price, paid FROM stays"
        ))  # fmt: skip
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "table": "broken"})
    with only(monkeypatch, arrow=arrow), pytest.raises(SourceError, match="division by zero"):
        read_rows(database_url, spec, DAY, NEXT)


def test_a_read_that_is_given_up_leaves_no_connection(database_url: str, postgres: Any) -> None:
    put_stays(database_url, [stay(number) for number in range(10)])
    with open_sql(database_url, stays_spec()) as source:
        next(source.read(DAY, NEXT))
    name = sa.make_url(database_url).database
    with postgres._connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        assert connection.execute(query, (name,)).fetchone() == (0,)


def test_a_source_is_never_written_to(database_url: str) -> None:
    put_stays(database_url, [stay(1)])
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(
            "CREATE FUNCTION meddle() RETURNS int LANGUAGE sql AS 'DELETE FROM stays RETURNING 1'"
        ))  # fmt: skip
    query = "SELECT s.*, meddle() AS m FROM stays s"
    spec = stays_spec(source={"kind": "sql", "connection": "inn", "query": query})
    with pytest.raises(SourceError, match="read-only transaction"):
        read_rows(database_url, spec, DAY, NEXT)


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_a_query_knows_its_days_and_types(
    database_url: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2017, 2, 28), DAY, NEXT]
    put_stays(database_url, [stay(number, day) for number, day in enumerate(days)])
    query = (
        "SELECT s.*, arrives::timestamp AS arrives_at, (:first - 1) AS eve, '100% \\: sure' AS note,"
        ' made_at::date AS "Ode à l\'""%s" FROM stays s'
        " WHERE made_at >= :first AND made_at < :last_exclusive + interval '1 day' -- a day too many"
    )
    spec = stays_spec(
        source={"kind": "sql", "connection": "inn", "query": query},
        columns={**COLUMNS, "arrives_at": "timestamp", "eve": "date", "note": "string"},
    )
    with only(monkeypatch, arrow=arrow), open_sql(database_url, spec) as source:
        rows = pa.Table.from_batches(source.read(DAY, NEXT), source.schema).to_pylist()
        natives = source.found_columns()
    arrives_at = datetime(2017, 4, 1, tzinfo=UTC)
    assert rows == [stay(1, arrives_at=arrives_at, eve=date(2017, 2, 28), note="100% : sure")]
    assert natives == {
        "stay_id": "BIGINT", "made_at": "TIMESTAMP WITH TIME ZONE", "arrives": "DATE", "guest": "TEXT",
        "price": "DOUBLE PRECISION", "paid": "BOOLEAN", "arrives_at": "TIMESTAMP WITHOUT TIME ZONE",
        "eve": "DATE", "note": "TEXT", "Ode à l'\"%s": "DATE",
    }  # fmt: skip


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "row by row"])
def test_a_state_is_all_rows_with_the_day_filled_in(
    database_url: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stays(database_url, [stay(1), stay(2, NEXT), stay(3, made_at=None)])
    history = "SELECT stays.*, :ds AS as_of FROM stays WHERE made_at < :ds + 1 OR made_at IS NULL"
    sources = [{"table": "stays"}, {"query": history}]
    for source, expected in zip(sources, [[1, 2, 3], [1, 3]], strict=True):
        spec = stays_spec(
            source={"kind": "sql", "connection": "inn", "load": "state", **source},
            event_time="as_of",
            columns={**COLUMNS, "as_of": "date"},
        )
        with only(monkeypatch, arrow=arrow):
            table = read_rows(database_url, spec, DAY, NEXT).sort_by("stay_id")
        assert table["stay_id"].to_pylist() == expected
        assert set(table["as_of"].to_pylist()) == {DAY}


def test_rows_without_event_time_are_told_once(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    put_stays(database_url, [stay(1), stay(2, made_at=None)])
    with open_sql(database_url, stays_spec()) as source:
        for _ in range(2):
            assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
        assert source.describe(DAY)["rows_without_event_time"] == "1"
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING] == [
        "connection 'inn', table 'stays' has 1 rows without made_at: they belong to no day and no run reads"
        " them; mend them in the source"
    ]


def test_all_that_a_read_sees_is_one_state_of_the_database(database_url: str) -> None:
    put_stays(database_url, [stay(number, guest="x" * 3000) for number in range(5000)])
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with open_sql(database_url, stays_spec()) as source:
        batches = source.read(DAY, NEXT)
        seen = next(batches).num_rows
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM stays WHERE stay_id % 2 = 0"))
        seen += sum(batch.num_rows for batch in batches)
    assert seen == 5000
