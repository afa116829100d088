"""Bad tables: PostgreSQL and SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from include.errors import (
    ContractError,
    EmptyPartitionError,
    SourceError,
    SourceUnavailableError,
    SpecError,
)
from include.specs import load_specs
from tests.support.bad_input.case import BadInput, Ends, Input, Places
from tests.support.failing_proxy import FailingProxy
from tests.support.sources import DAY, put_stays, sqlite_url, stay, stays_spec

BEFORE = DAY - timedelta(days=1)
GOOD = [stay(number, day) for day in (BEFORE, DAY) for number in (1, 2, 3)]
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
RAISES = {Ends.REFUSED: SourceError, Ends.BLOCKED: ContractError, Ends.RETRIED: SourceUnavailableError}
MANY = (
    "INSERT INTO stays SELECT n, '2017-03-01 12:00+00', '2017-04-01', repeat('Ada', 300), 1.5, true"
    " FROM generate_series(1, 20000) n"
)


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def bad_table(
    wrong: str,
    kind: str,
    ends: Ends,
    *says: str,
    rows_there: Sequence[dict[str, Any]] = GOOD,
    statements: Sequence[str] = (),
    mending: Sequence[str] | None = None,
    source: dict[str, Any] | None = None,
    **expected: Any,
) -> BadInput:
    """Describe rows in the table `stays`, and statements that spoil it after a good day was read.

    `mending` are statements; without them, the table is written anew.
    """

    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        url = sqlite_url(places.root) if kind == SQLITE else places.server("database_url")
        put_stays(url, rows_there)
        execute(url, *statements)

        def mend() -> None:
            if mending is None:
                put_stays(url, GOOD)
            else:
                execute(url, *mending)

        spec = stays_spec(source={"kind": "sql", "connection": "inn", "table": "stays", **(source or {})})
        yield Input(spec, {"inn": url}, mend)

    expected.setdefault("raises", RAISES.get(ends))
    return BadInput(wrong, kind, arrange, ends, says=says, **expected)


def changed_table(wrong: str, ends: Ends, *says: str, change: str, back: str, **expected: Any) -> BadInput:
    """Describe a table of PostgreSQL that is changed after the day before was read."""

    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        url = places.server("database_url")
        put_stays(url, GOOD)
        # The day before is read through the same table; it is spoilt when that is done.
        yield Input(
            stays_spec(), {"inn": url}, lambda: execute(url, back), spoil=lambda: execute(url, change)
        )

    expected.setdefault("raises", RAISES.get(ends))
    return BadInput(wrong, POSTGRES, arrange, ends, says=says, after_a_good_day=True, **expected)


@contextmanager
def _breaks_off(places: Places) -> Iterator[Input]:
    """A server that hangs up in the middle of the rows and refuses connections from then on."""
    url = sa.make_url(places.server("database_url"))
    put_stays(url.render_as_string(hide_password=False), [])
    execute(url.render_as_string(hide_password=False), MANY)
    assert url.port
    with FailingProxy(url.port, 2_000_000) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)

        def mend() -> None:
            assert proxy.broke_off
            proxy.mend()

        yield Input(stays_spec(), {"inn": through}, mend)


@contextmanager
def _schema_not_named(places: Places) -> Iterator[Input]:
    """A table that lies in another schema than the one the account looks into."""
    url = places.server("database_url")
    put_stays(url, GOOD)
    execute(url, "CREATE SCHEMA desk", "ALTER TABLE stays SET SCHEMA desk", "CREATE TABLE rooms (room text)")
    yield Input(stays_spec(), {"inn": url}, lambda: execute(url, "ALTER TABLE desk.stays SET SCHEMA public"))


def _strange_names(create: str, read: str, good: bool) -> Callable[[Places], Any]:
    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        url = places.server("database_url")
        put_stays(url, GOOD)
        execute(url, create)
        query = {"kind": "sql", "connection": "inn", "query": read}
        table = {"kind": "sql", "connection": "inn", "table": '"Gäste ""neu"""'}
        path = places.root / "specs/datasets/stays.yaml"

        def write(source: dict[str, str]) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            spec = stays_spec().model_dump(mode="json", exclude_none=True, exclude={"source"})
            yaml = json.dumps({**spec, "source": source}, ensure_ascii=False, indent=1)  # JSON is YAML
            path.write_text(yaml, "utf-8")

        def specs() -> Any:
            found = load_specs(places.root / "specs")
            found.raise_problems()
            return found

        write(query if good else table)
        yield Input(specs, {"inn": url}, lambda: write(query))

    return arrange


QUOTED = 'CREATE VIEW "Gäste ""neu""" AS SELECT stay_id AS "Nr. ""1""", guest AS "name/é", s.* FROM stays s'
READ_QUOTED = (
    'SELECT "Nr. ""1""" AS stay_id, "name/é" AS guest, made_at, arrives, price, paid FROM "Gäste ""neu"""'
)
OFTEN = [stay(1), stay(2), stay(2, guest="Bob"), stay(3)]
FUTURE = [*GOOD, stay(4, made_at=datetime(2071, 3, 1, tzinfo=UTC))]
TIMELESS = [*GOOD, stay(4, made_at=None)]
DAYS_OFF = [stay(number, BEFORE) for number in (1, 2, 3)]
LONG = "x" * 10_000_000

CASES = [
    BadInput("the server hangs up between two rows, and refuses connections", POSTGRES, _breaks_off,
             Ends.RETRIED,
             SourceUnavailableError, ["the database does not answer"]),
    BadInput("a table in another schema, named without it", POSTGRES, _schema_not_named, Ends.REFUSED,
             SourceError, ["no table 'stays'", "rooms"]),
    BadInput("unicode and quotes in the name of the table", POSTGRES,
             _strange_names(QUOTED, READ_QUOTED, good=False), Ends.REFUSED, SpecError,
             ["datasets/stays.yaml", "not an SQL identifier"]),
    BadInput("unicode and quotes in table and columns, read by a query", POSTGRES,
             _strange_names(QUOTED, READ_QUOTED, good=True), Ends.READ, rows=(3, 0)),
    changed_table("unicode, quotes and a semicolon in the name of a new column", Ends.READ, "a new column",
                  change='ALTER TABLE stays ADD "prix d\'été ""x""; DROP TABLE stays" text',
                  back="SELECT 1", rows=(3, 0), todo="nothing; it is not read"),
    changed_table("a missing column", Ends.REFUSED, "no column price",
             "price was DOUBLE PRECISION, it is gone now",
                  change="ALTER TABLE stays RENAME price TO rate",
             back="ALTER TABLE stays RENAME rate TO price"),
    changed_table("a column of another type, whose values do not fit", Ends.REFUSED,
             "column 'price' holds '50 EUR'",
                  "price was DOUBLE PRECISION, it is TEXT now",
                  change="ALTER TABLE stays ALTER price TYPE text USING price || ' EUR'",
                  back="ALTER TABLE stays ALTER price TYPE float USING replace(price, ' EUR', '')::float"),
    changed_table("a column of another type, whose values fit", Ends.READ,
                  "stay_id of the source was BIGINT and is INTEGER now; it still fits",
                  change="ALTER TABLE stays ALTER stay_id TYPE integer", back="SELECT 1", rows=(3, 0)),
    bad_table("a day without rows", POSTGRES, Ends.REFUSED, "no row with made_at", rows_there=DAYS_OFF,
              raises=EmptyPartitionError),
    bad_table("a key twice", POSTGRES, Ends.BLOCKED, "`stay_id is unique` fails on 2 of 4 rows",
             rows_there=OFTEN,
              rows=(4, 0)),
    bad_table("a row without event time", POSTGRES, Ends.READ, "1 row", rows_there=TIMELESS, rows=(3, 0),
              todo="have the event time filled in: the row belongs to no day until then"),
    bad_table("a row from the future", POSTGRES, Ends.READ, rows_there=FUTURE, rows=(3, 0),
              todo="nothing: the row is read with its own day"),
    bad_table("an integer beyond 2^53 in a column of floats", POSTGRES, Ends.REFUSED,
              "row with stay_id", "column 'price' holds 9007199254740993", "no float holds it exactly",
              statements=["ALTER TABLE stays ALTER price TYPE bigint",
                          "UPDATE stays SET price = 9007199254740993 WHERE stay_id = 3"]),
    bad_table("infinity as a date", POSTGRES, Ends.REFUSED, "'arrives'",
              statements=["UPDATE stays SET arrives = 'infinity' WHERE stay_id = 3"]),
    bad_table("infinity as a number", POSTGRES, Ends.QUARANTINE, "`price between 0 and 100`", "inf",
             rows=(2, 1),
              statements=["UPDATE stays SET price = 'infinity' WHERE stay_id = 3"],
              todo="mend the source and run the day again, or mend the row: docs/quarantine.md"),
    bad_table("a column of moments without zone", POSTGRES, Ends.READ,
             rows=(3, 0),
              statements=["ALTER TABLE stays ALTER made_at TYPE timestamp USING '2017-03-01 02:30:00'"],
              values={"made_at": [datetime(2017, 3, 1, 2, 30, tzinfo=UTC)] * 3},
              rows_there=[stay(number) for number in (1, 2, 3)],
              todo="nothing if it is UTC, which skips no hour; otherwise convert it in a query"),
    bad_table("a list where text is declared", POSTGRES, Ends.REFUSED, "column 'guest' holds ['Ada', 'Bob']",
              statements=["ALTER TABLE stays ALTER guest TYPE text[] USING ARRAY['Ada', 'Bob']"]),
    bad_table("a field of 10 MB", POSTGRES, Ends.READ, rows_there=[stay(1), stay(2), stay(3, guest=LONG)],
              rows=(3, 0), values={"guest": ["Ada", "Ada", LONG]}),
    bad_table("text in a column of numbers", SQLITE, Ends.REFUSED, "table 'stays', row with stay_id 3",
             "column 'price' holds 'cheap'",
              statements=["UPDATE stays SET price = 'cheap' WHERE stay_id = 3"]),
    bad_table("a NUL character", SQLITE, Ends.REFUSED, r"column 'guest' holds 'A\x00da'", "NUL character",
              statements=["UPDATE stays SET guest = 'A' || char(0) || 'da' WHERE stay_id = 3"]),
    bad_table("text that is not UTF-8", SQLITE, Ends.REFUSED, "guest",
              statements=["UPDATE stays SET guest = CAST(x'636166e9' AS TEXT) WHERE stay_id = 3"]),
    bad_table("a table that is gone", SQLITE, Ends.REFUSED,
             "no table 'stays'", statements=["DROP TABLE stays"]),
]  # fmt: skip
