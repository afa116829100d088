"""Bad files: CSV, JSON lines and Parquet on a disk."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.errors import ContractError, EmptyPartitionError, NotReadyError, SourceError, SpecError
from include.specs import Specs, load_specs
from tests.support.bad_input.case import BadInput, Ends, Input, Places
from tests.support.daily_files import HEADER, ROW, csv_of, files_spec, numbered, put
from tests.support.sources import COLUMNS, CONTRACT, DAY, stay

SPRING = date(2017, 3, 26)
"""The night on which Berlin's clocks skip the hour from 02:00 to 03:00."""
GOOD_ROWS = numbered([1, 2, 3])
LONG = "x" * 10_000_000
ROOM = {"columns": {**COLUMNS, "room": "string"}}
ROOMS = {"expect": "column_values_to_be_in_set", "column": "room", "value_set": ["single", "double"]}
KEYS_IN_QUARANTINE = [
    CONTRACT[0],
    {"expect": "column_values_to_be_unique", "column": "stay_id", "severity": "quarantine"},
]
PRICES = [
    *CONTRACT[:2],
    {"expect": "column_values_to_not_be_null", "column": "price", "severity": "quarantine"},
]
RAISES = {Ends.REFUSED: SourceError, Ends.BLOCKED: ContractError}

Arrange = Callable[[Places], AbstractContextManager[Input]]


def with_rows(*rows: str, header: str = HEADER) -> bytes:
    """Return a CSV file of sound rows and others behind them."""
    return csv_of(*GOOD_ROWS, *rows, header=header)


def row(number: int, **changes: str) -> str:
    fields = {**dict(zip(HEADER.split(","), ROW.split(","), strict=True)), "stay_id": str(number), **changes}
    return ",".join(fields.values())


def good_csv(ds: date, **more: str) -> bytes:
    header = ",".join([HEADER, *more])
    return csv_of(*(",".join([line, *more.values()]) for line in numbered([1, 2, 3], ds)), header=header)


def records(*numbers: int, ds: date = DAY, **changes: Any) -> list[dict[str, Any]]:
    """Return sound rows as an API or a JSON line gives them; `changes` to the last of them."""
    rows = [{**stay(number), "made_at": f"{ds}T09:30:00Z", "arrives": "2017-04-01"} for number in numbers]
    rows[-1].update(changes)
    return rows


def jsonl(*lines: Any) -> bytes:
    return b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines)


def parquet(rows: Sequence[dict[str, Any]] | None = None, **columns: Any) -> bytes:
    """Return a Parquet file of sound rows; `columns` replace columns."""
    table = pa.Table.from_pylist(list(rows or (stay(number) for number in (1, 2, 3))))
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


GOOD: dict[str, Callable[[date], bytes]] = {
    "csv": good_csv,
    "csv.gz": lambda ds: gzip.compress(good_csv(ds)),
    "jsonl": lambda ds: jsonl(*records(1, 2, 3, ds=ds)),
    "parquet": lambda ds: parquet([stay(number, ds) for number in (1, 2, 3)]),
}
KINDS = {"csv": "CSV", "csv.gz": "CSV, compressed", "jsonl": "JSON lines", "parquet": "Parquet"}


def bad_file(
    wrong: str,
    data: bytes | None,
    ends: Ends = Ends.REFUSED,
    *says: str,
    ending: str = "csv",
    ds: date = DAY,
    spec: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    folder: str = "in",
    good: Callable[[date], bytes] | None = None,
    **expected: Any,
) -> BadInput:
    """Describe a file of one day; None for a day without one."""
    sound = good or GOOD[ending]

    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        file = places.root / folder / f"{ds}.{ending}"
        before = ds - timedelta(days=1)
        put(file.with_name(f"{before}.{ending}"), sound(before))
        if data is not None:
            put(file, data)
        described = files_spec(
            places.root / folder / f"{{ds}}.{ending}",
            ending.partition(".")[0],
            spec=spec or {},
            **source or {},
        )
        yield Input(described, {}, lambda: (put(file, sound(ds)), None)[1], ds)

    expected.setdefault("raises", RAISES.get(ends))
    return BadInput(wrong, KINDS[ending], arrange, ends, says=says, **expected)


@contextmanager
def _delivered_twice(places: Places) -> Iterator[Input]:
    for number in (1, 2):
        put(places.root / f"in/{DAY}_{number}.csv", good_csv(DAY))
    spec = files_spec(places.root / "in/{ds}_*.csv")
    yield Input(spec, {}, (places.root / f"in/{DAY}_2.csv").unlink)


@contextmanager
def _no_marker(places: Places) -> Iterator[Input]:
    put(places.root / f"in/{DAY}.csv", good_csv(DAY))
    marker = places.root / f"in/{DAY}.done"
    spec = files_spec(places.root / "in/{ds}.csv", marker=str(places.root / "in/{ds}.done"))
    yield Input(spec, {}, marker.touch)


@contextmanager
def _names_in_the_spec(places: Places) -> Iterator[Input]:
    """A spec that names a column as the source does."""
    put(places.root / f"in/{DAY}.csv", good_csv(DAY))
    yaml = places.root / "specs/datasets/stays.yaml"
    text = {
        "dataset": "stays", "owner": "tests", "description": "Stays of guests.",
        "source": {"kind": "files", "path": str(places.root / "in/{ds}.csv"), "format": "csv"},
        "key": ["stay_id"], "event_time": "made_at", "start": "2017-01-01", "columns": dict(COLUMNS),
        "contract": CONTRACT, "budgets": {"quarantine_share": 0.5, "min_rows": 1},
    }  # fmt: skip
    bad = {**text, "columns": {**COLUMNS, "prix d'été": "number", '"name"': "string"}}
    put(yaml, json.dumps(bad, ensure_ascii=False, indent=1).encode())  # JSON is YAML

    def specs() -> Specs:
        found = load_specs(places.root / "specs")
        found.raise_problems()
        return found

    yield Input(specs, {}, lambda: (put(yaml, json.dumps(text).encode()), None)[1])


def moments(*texts: str) -> bytes:
    return csv_of(*(row(number, made_at=text) for number, text in enumerate(texts, start=1)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAMAGED = [
    bad_file("a Parquet file cut short", parquet()[:-100], Ends.REFUSED, "not a whole Parquet file",
             ending="parquet"),
    bad_file("a Parquet file with damaged bytes in its middle",
             parquet()[:10] + bytes(30) + parquet()[40:], Ends.REFUSED, "not a whole Parquet file",
             ending="parquet"),
    bad_file("a compressed file cut short", gzip.compress(good_csv(DAY))[:-9], Ends.REFUSED,
             "cut short or damaged", ending="csv.gz"),
    bad_file("a line cut short", jsonl(*records(1, 2), b'{"stay_id": 3, "made_'), Ends.REFUSED,
             "line 3", "not a JSON object", ending="jsonl"),
    bad_file("an HTML page under the name of a data file",
             b"<!DOCTYPE html><html><body>Please log in</body></html>\n",
             Ends.REFUSED, "no column stay_id"),
    bad_file("the same, as JSON lines", b"<!DOCTYPE html><html><body>Please log in</body></html>\n",
             Ends.REFUSED, "line 1", "not a JSON object", ending="jsonl"),
    bad_file("an empty file (0 bytes)", b"", Ends.REFUSED, "the file is empty"),
    bad_file("a header and no row", csv_of(), Ends.REFUSED, "no row", raises=EmptyPartitionError),
    bad_file("a day without a file", None, Ends.REFUSED, "no row", "files 0", raises=EmptyPartitionError),
    BadInput("the file that says that the day is complete is not there", "CSV", _no_marker, Ends.RETRIED,
             NotReadyError, ["the day is complete is not there"]),
]  # fmt: skip

SHAPE = [
    bad_file("a row shifted by a delimiter too many",
             with_rows("4,2017-03-01T09:30:00Z,,2017-04-01,Ada,50.0,true"),
             Ends.REFUSED, "row 4", "7 fields where the header has 6"),
    bad_file("a row that ends too early", with_rows("4,2017-03-01T09:30:00Z,2017-04-01"), Ends.REFUSED,
             "row 4", "3 fields where the header has 6"),
    bad_file("values shifted by one column, with as many fields",
             csv_of("1,2017-03-01T09:30:00Z,Ada,50.0,true,2017-04-01"), Ends.REFUSED,
             "row 1", "column 'arrives' holds 'Ada'"),
    bad_file("values shifted between two columns of text",
             csv_of(*(f"{line},single" for line in GOOD_ROWS), f"{row(4, guest='double')},Ada",
             header=f"{HEADER},room"),
             Ends.QUARANTINE, "`room in set of 2`", "Ada", rows=(3, 1),
             spec={**ROOM, "contract": [*CONTRACT, {**ROOMS, "severity": "quarantine"}]},
             good=lambda ds: good_csv(ds, room="single"),
             todo="mend the file and run the day again, or mend the rows: docs/quarantine.md"),
    bad_file("a quote that is never closed", with_rows(row(4, guest='"Ada')), Ends.REFUSED,
             "neither opens nor closes a field"),
    bad_file("a missing column", csv_of("1,2017-03-01T09:30:00Z,2017-04-01,Ada,true",
                                        header="stay_id,made_at,arrives,guest,paid"),
             Ends.REFUSED, "no column price", "since the partition of 2017-02-28", after_a_good_day=True),
    bad_file("a column twice", csv_of(f"{ROW},51.0", header=f"{HEADER},price"), Ends.REFUSED, "stands twice"),
    bad_file("a new column", good_csv(DAY, tip="5"), Ends.READ, "a new column tip", rows=(3, 0),
             after_a_good_day=True, todo="nothing, or declare it in the spec"),
    bad_file("a column whose values are no numbers any longer", parquet(price=["1", "2", "three"]),
             Ends.REFUSED,
             "column 'price' holds", "since the partition of 2017-02-28: price was double, it is string now",
             ending="parquet", after_a_good_day=True),
    bad_file("a new type that still fits", parquet(stay_id=pa.array([1, 2, 3], pa.int16())), Ends.READ,
             "stay_id of the source was int64 and is int16 now", rows=(3, 0), ending="parquet",
             after_a_good_day=True),
    bad_file("a column without any value, which a rule asks for",
             csv_of(*(row(number, price="") for number in (1, 2, 3))), Ends.BLOCKED,
             "3 of 3 rows (100.00%) break quarantine rules", "`price is not null` on 3",
             spec={"contract": PRICES}, rows=(3, 0)),
    bad_file("a column without any value, which no rule asks for",
             csv_of(*(row(number, price="") for number in (1, 2, 3))), Ends.READ, rows=(3, 0),
             values={"price": [None, None, None]}, todo="write a rule, if it matters"),
]  # fmt: skip

TEXT = [
    bad_file("two encodings in one file", with_rows(row(4, guest="Zoë"))
             + row(5, guest="Zoë").encode("cp1252"),
             Ends.REFUSED, "byte 0xeb on line 6 is not utf-8"),
    bad_file("text that is not UTF-8",
             parquet(guest=pa.array([b"Ada", b"Ada", b"caf\xe9"]).view(pa.string())),
             Ends.REFUSED, "row 3", r"holds b'caf\xe9'", ending="parquet"),
    bad_file("a NUL byte", with_rows(row(4, guest="A\0da")), Ends.REFUSED, "a NUL byte", "line 5"),
    bad_file("an escaped NUL character", jsonl(*records(1, 2, 3, guest="A\0da")), Ends.REFUSED,
             "row 3", r"holds 'A\x00da'", ending="jsonl"),
    bad_file("a field of 10 MB", csv_of(*GOOD_ROWS[:2], row(3, guest=LONG)), Ends.READ, rows=(3, 0),
             values={"guest": ["Ada", "Ada", LONG]}),
    bad_file("a row of 20 MB", csv_of(*GOOD_ROWS[:2], row(3, guest=LONG * 2)), Ends.REFUSED,
             "longer than 16,777,216 bytes"),
    bad_file("a column that is almost called as in the spec (`guést`)",
             csv_of(*GOOD_ROWS, header=HEADER.replace("guest", "guést")), Ends.REFUSED, "no column guest"),
    bad_file("unicode, quotes and line breaks in the names of other columns",
             csv_of(*(f"{line},1,2,3" for line in GOOD_ROWS),
             header=f'{HEADER},"Zimmer ""groß""",\'; DROP TABLE x,"a\nb"'),
             Ends.READ, rows=(3, 0)),
    bad_file("unicode and quotes in the name of the file", good_csv(DAY), Ends.READ, rows=(3, 0),
             folder="""Gäste "neu" 'alt' 🛎"""),
    BadInput("unicode and quotes in a column that the spec names", "spec", _names_in_the_spec, Ends.REFUSED,
             SpecError, ["datasets/stays.yaml", "prix d'été", "not an SQL identifier"]),
]  # fmt: skip

TIMES = [
    bad_file("a moment without zone", moments("2017-03-01 09:30:00"), Ends.READ, rows=(1, 0),
             values={"made_at": [utc("2017-03-01 09:30")]},
             todo="nothing if it is UTC; otherwise have the zone written"),
    bad_file("a moment without zone in the hour that a change of clocks skips",
             moments("2017-03-26 02:30:00"),
             Ends.READ, rows=(1, 0), ds=SPRING, values={"made_at": [utc("2017-03-26 02:30")]},
             todo="nothing if it is UTC, which skips no hour; otherwise have the zone written"),
    bad_file("moments with offset on both sides of a change of clocks",
             moments("2017-03-26T01:59:00+01:00", "2017-03-26T03:01:00+02:00"), Ends.READ, rows=(2, 0),
             ds=SPRING,
             values={"made_at": [utc("2017-03-26 00:59"), utc("2017-03-26 01:01")]}),
    bad_file("moments of a zone with a change of clocks",
             parquet([stay(1, SPRING), stay(2, SPRING)],
                     made_at=pa.array([utc("2017-03-26 00:59"), utc("2017-03-26 01:01")],
                                      pa.timestamp("us", "Europe/Berlin"))),
             Ends.READ, rows=(2, 0), ds=SPRING, ending="parquet",
             values={"made_at": [utc("2017-03-26 00:59"), utc("2017-03-26 01:01")]}),
    bad_file("the name of a zone behind a moment", moments("2017-03-26 02:30:00 Europe/Berlin"), Ends.REFUSED,
             "column 'made_at' holds '2017-03-26 02:30:00 Europe/Berlin'", ds=SPRING),
    bad_file("a moment finer than a microsecond",
             parquet(made_at=pa.array([1_488_326_400_000_000_001] * 3, pa.timestamp("ns"))), Ends.REFUSED,
             "column 'made_at' holds", ending="parquet"),
    bad_file("a row of the next day by UTC", with_rows(row(4, made_at="2017-03-01T23:30:00-02:00")),
             Ends.REFUSED,
             "1 of 4 rows belong to another UTC day", "2017-03-02T01:30"),
    bad_file("a row from the future", with_rows(row(4, made_at="2071-03-01T09:30:00Z")), Ends.REFUSED,
             "1 of 4 rows belong to another UTC day", "2071-03-01"),
    bad_file("a late row of an earlier day", with_rows(row(4, made_at="2017-02-28T09:30:00Z")), Ends.REFUSED,
             "1 of 4 rows belong to another UTC day", "2017-02-28T09:30"),
    bad_file("a row without event time", with_rows(row(4, made_at="")), Ends.REFUSED,
             "1 of them have no event time"),
    bad_file("a day that there is not", with_rows(row(4, arrives="2017-02-29")), Ends.REFUSED,
             "row 4", "holds '2017-02-29'"),
]  # fmt: skip

KEYS = [
    bad_file("a key twice, where the contract blocks", with_rows(row(3, guest="Bob")), Ends.BLOCKED,
             "`stay_id is unique` fails on 2 of 4 rows", rows=(4, 0)),
    bad_file("a key twice, where the contract sets rows aside", with_rows(row(3, guest="Bob")),
             Ends.QUARANTINE,
             "`stay_id is unique`", rows=(2, 2), spec={"contract": KEYS_IN_QUARANTINE},
             todo="mend the source and run the day again, or leave one out: docs/quarantine.md"),
    BadInput("a day delivered twice, in two files", "CSV", _delivered_twice, Ends.BLOCKED, ContractError,
             ["`stay_id is unique` fails on 6 of 6 rows"], (6, 0)),
    bad_file("rows in no order", csv_of(GOOD_ROWS[2], GOOD_ROWS[0], GOOD_ROWS[1]), Ends.READ, rows=(3, 0),
             values={"stay_id": [1, 2, 3]}),
    bad_file("a name twice in one row", jsonl(*records(1, 2, 3), b'{"stay_id": 4, "stay_id": 5}'),
             Ends.REFUSED,
             "line 4", "'stay_id' stands twice", ending="jsonl"),
]  # fmt: skip

NUMBERS = [
    bad_file("an integer beyond 2^53", with_rows(row(9007199254740993)), Ends.READ, rows=(4, 0),
             values={"stay_id": [1, 2, 3, 9007199254740993]}),
    bad_file("an integer beyond 2^53 in a column of floats", with_rows(row(4, price="9007199254740993")),
             Ends.REFUSED,
             "row 4", "column 'price' holds '9007199254740993'"),
    bad_file("an integer beyond 2^53, written as a float", jsonl(*records(1, 2, 9007199254740992.0)),
             Ends.REFUSED,
             "row 3", "column 'stay_id' holds 9007199254740992.0", ending="jsonl"),
    bad_file("an integer beyond 2^63", with_rows(row(2**63)), Ends.REFUSED,
             "row 4", "holds '9223372036854775808'"),
    bad_file("infinity", with_rows(row(4, price="inf")), Ends.QUARANTINE, "`price between 0 and 100`", "inf",
             rows=(3, 1), todo="mend the source and run the day again, or mend the rows: docs/quarantine.md"),
    bad_file("a number too large for a float", with_rows(row(4, price="1e999")),
             Ends.REFUSED, "holds '1e999'"),
    bad_file("a number too large for a float, in JSON",
             jsonl(*records(1, 2), b'{"stay_id": 3, "price": 1e999}'),
             Ends.REFUSED, "1e999 is too large", ending="jsonl"),
    bad_file("not-a-number", with_rows(row(4, price="nan")), Ends.READ, rows=(4, 0),
             values={"price": [50.0, 50.0, 50.0, None]},
             todo="nothing: it is missing; a rule can ask for it"),
    bad_file("a number in quotes", jsonl(*records(1, 2, 3, price="50")), Ends.REFUSED,
             "row 3", "column 'price' holds '50'", ending="jsonl"),
]  # fmt: skip

CASES = [*DAMAGED, *SHAPE, *TEXT, *TIMES, *KEYS, *NUMBERS]
