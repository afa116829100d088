"""What a person sees of files that are not what they should be; nothing of them is passed on in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.errors import SourceError
from tests.support.daily_files import HEADER, ROW, csv_of, files_spec, ids, numbered, put, read_days

MANY = csv_of(*numbered(range(20_000)))


def read(tmp_path: Path, data: bytes, ending: str = "csv", form: str = "csv", **changes: Any) -> pa.Table:
    put(tmp_path / f"in/2017-03-01.{ending}", data)
    return read_days(files_spec(tmp_path / f"in/{{ds}}.{ending}", form, **changes), tmp_path)


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
}


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_compressed_files_are_read(tmp_path: Path, ending: str) -> None:
    packed = COMPRESSORS[ending](MANY)
    assert ids(read(tmp_path, packed, f"csv.{ending}")) == list(range(20_000))
    halves = COMPRESSORS[ending](MANY[:100_000]) + COMPRESSORS[ending](MANY[100_000:])
    assert ids(read(tmp_path, halves, f"csv.{ending}")) == list(range(20_000))


@pytest.mark.parametrize("ending", COMPRESSORS)
@pytest.mark.parametrize("cut", [3, 1000, -1])
def test_a_compressed_file_that_was_cut_is_named(tmp_path: Path, ending: str, cut: int) -> None:
    with pytest.raises(
        SourceError, match=rf"2017-03-01\.csv\.{ending}: the compressed file is cut short or damaged"
    ):
        read(tmp_path, COMPRESSORS[ending](MANY)[:cut], f"csv.{ending}")


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_a_compressed_file_with_a_wrong_byte_is_named(tmp_path: Path, ending: str) -> None:
    packed = bytearray(COMPRESSORS[ending](MANY))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(SourceError, match=r"2017-03-01\.csv"):
        read(tmp_path, bytes(packed), f"csv.{ending}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "the file is empty: there is not even a header", id="zero bytes"),
        pytest.param(b"\n\n", "the file is empty", id="blank lines only"),
        pytest.param(b"\xef\xbb\xbf", "the file is empty", id="BOM only"),
        pytest.param(
            csv_of(f"{ROW},7"), r"row 1: the row has 7 fields where the header has 6: '1,2017", id="shifted"
        ),
        pytest.param(csv_of(ROW, ROW[:40]), r"row 2: the row has 5 fields where the header has 6", id="cut"),
        pytest.param(csv_of(ROW) + b"2,\xe9", r"byte 0xe9 on line 3 is not utf-8", id="other encoding"),
        pytest.param(
            csv_of(ROW.replace("Ada", "A\0da")), "a NUL byte stands in the text, on line 2", id="NUL"
        ),
        pytest.param(MANY + b"\0" * 5000, "a NUL byte stands in the text, on line 20002", id="padded"),
        pytest.param(
            "é".join([HEADER, ROW]).encode("utf-16"), "byte 0xff on line 1 is not utf-8", id="UTF-16"
        ),
        pytest.param(
            csv_of(ROW.replace("Ada", '"Ada')), 'a quote " neither opens nor closes a field', id="open quote"
        ),
        pytest.param(
            csv_of(ROW, ROW.replace("Ada", 'A"da'), ROW.replace("Ada", 'A"da')),
            "neither opens nor closes a field, on line 3",
            id="quote within a field",
        ),
        pytest.param(
            csv_of(ROW.replace("Ada", '"Ada'), *numbered(range(9)), ROW.replace("Ada", '"Bob')),
            'a quote " neither opens nor closes a field',
            id="quotes that would swallow rows",
        ),
        pytest.param(
            csv_of(f"{ROW},9", header=f"{HEADER},guest"), "column guest stands twice", id="column twice"
        ),
        pytest.param(
            csv_of(ROW.replace(",", ";"), header=HEADER.replace(",", ";")), "no column", id="delimiter"
        ),
        pytest.param(
            csv_of(ROW.replace("1,", "2.7,", 1)), r"row 1: column 'stay_id' holds '2.7'", id="fraction"
        ),
        pytest.param(
            csv_of(ROW, ROW.replace("50.0", "cheap")), r"row 2: column 'price' holds 'cheap'", id="text"
        ),
        pytest.param(
            csv_of(*numbered(range(50_000)), ROW.replace("2017-04-01", "2017-02-29")),
            r"row 50001: column 'arrives' holds '2017-02-29' \(str\), which is not a date",
            id="no such day",
        ),
        pytest.param(
            csv_of(ROW.replace("50.0", "9007199254740993")),
            "'price' holds '9007199254740993'",
            id="beyond 2^53",
        ),
        pytest.param(
            csv_of(ROW.replace("1,", "9223372036854775808,", 1)), "not an integer", id="beyond 2^63"
        ),
        pytest.param(csv_of(ROW.replace("50.0", "1e999")), "'price' holds '1e999'", id="beyond any float"),
        pytest.param(csv_of(ROW.replace("true", "yes")), "'paid' holds 'yes'", id="boolean"),
    ],
)
def test_a_bad_csv_file_is_refused_with_its_place(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as raised:
        read(tmp_path, data)
    assert str(tmp_path / "in/2017-03-01.csv") in raised.value.where
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("data", "changes", "rows"),
    [
        pytest.param(csv_of(), {}, 0, id="header only"),
        pytest.param(HEADER.encode(), {}, 0, id="header without newline"),
        pytest.param(csv_of() + b"\n\r\n", {}, 0, id="header and blank lines"),
        pytest.param(b"\xef\xbb\xbf" + csv_of(ROW), {}, 1, id="BOM"),
        pytest.param(b"\n" + csv_of(ROW)[:-1], {}, 1, id="no newline at the end"),
        pytest.param(csv_of(ROW, ROW).replace(b"\n", b"\r\n"), {}, 2, id="lines of Windows"),
        pytest.param(csv_of(ROW, ROW).replace(b"\n", b"\r"), {}, 2, id="lines of old Macs"),
        pytest.param(csv_of(f"{ROW},7", header=f"{HEADER},GUEST"), {}, 1, id="column that differs in case"),
        pytest.param(csv_of(f"{ROW},7,8", header=f"{HEADER},x,x"), {}, 1, id="unused columns of one name"),
        pytest.param(csv_of(ROW).decode().encode("utf-16"), {"csv": {"encoding": "utf-16"}}, 1, id="UTF-16"),
        pytest.param(
            csv_of(ROW, header=HEADER).replace(b",", b"|"), {"csv": {"delimiter": "|"}}, 1, id="delimiter"
        ),
        pytest.param((ROW + "\n").encode(), {"csv": {"names": HEADER.split(",")}}, 1, id="without header"),
        pytest.param(b"", {"csv": {"names": HEADER.split(",")}}, 0, id="without header and rows"),
    ],
)
def test_an_unusual_csv_file_is_read(tmp_path: Path, data: bytes, changes: dict[str, Any], rows: int) -> None:
    assert read(tmp_path, data, **changes).num_rows == rows


@pytest.mark.parametrize(
    ("field", "options", "guest"),
    [
        pytest.param('"A, ""B""\nC"', {}, 'A, "B"\nC', id="delimiter, quotes and newline"),
        pytest.param('""', {}, "", id="quoted and empty is text"),
        pytest.param("", {}, None, id="empty is missing"),
        pytest.param("NA", {"null_values": ["", "NA"]}, None, id="word for missing"),
        pytest.param('"NA"', {"null_values": ["", "NA"]}, "NA", id="quoted word is text"),
        pytest.param("NA", {}, "NA", id="no word for missing"),
        pytest.param('5"', {"quote": "none"}, '5"', id="quotes as characters"),
        pytest.param("'A''B'", {"quote": "'"}, "A'B", id="other quote"),
        pytest.param(" Ada ", {}, " Ada ", id="blanks stay"),
    ],
)
def test_text_is_read_as_it_is_written(
    tmp_path: Path, field: str, options: dict[str, Any], guest: str | None
) -> None:
    assert read(tmp_path, csv_of(ROW.replace("Ada", field)), csv=options)["guest"].to_pylist() == [guest]


def test_text_of_another_encoding_is_read_where_the_spec_says_so(tmp_path: Path) -> None:
    data = csv_of(ROW.replace("Ada", "Žofie")).decode().encode("cp1250")
    assert read(tmp_path, data, csv={"encoding": "cp1250"})["guest"].to_pylist() == ["Žofie"]
    mixed = csv_of(ROW.replace("Ada", "Žofie")) + ROW.replace("Ada", "Ž").encode("cp1250")
    with pytest.raises(SourceError, match="byte 0x8e on line 3 is not utf-8"):
        read(tmp_path, mixed)


def test_missing_numbers_may_be_quoted(tmp_path: Path) -> None:
    table = read(tmp_path, csv_of('1,2017-03-01,"","","",""'))
    assert table.to_pylist()[0]["price"] is None
    assert table.to_pylist()[0]["guest"] == ""


def test_a_field_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    rows = csv_of(*numbered(range(100)), ROW.replace("Ada", f'"{long}"'), *numbered(range(100, 200)))
    table = read(tmp_path, rows)
    assert table.num_rows == 201
    assert max(len(guest) for guest in table["guest"].to_pylist()) == len(long)
    lines = json.dumps({"stay_id": 1, "made_at": "2017-03-01", "guest": long}).encode()
    assert read(tmp_path, lines, "jsonl", "jsonl", may_be_absent=["arrives", "price", "paid"]).num_rows == 1


def test_a_row_without_end_is_refused(tmp_path: Path) -> None:
    long = "x" * 40_000_000
    with pytest.raises(SourceError, match=r"a row is longer than 16,777,216 bytes, near line"):
        read(tmp_path, csv_of(ROW.replace("Ada", f'"{long}"')))
    with pytest.raises(SourceError, match=r"line 1: .* longer than 16,777,216 bytes"):
        read(tmp_path, f'{{"guest": "{long}"}}'.encode(), "jsonl", "jsonl")


def parquet(**columns: Any) -> bytes:
    given = {
        "stay_id": [1], "made_at": ["2017-03-01"], "arrives": ["2017-04-01"], "guest": ["Ada"],
        "price": [1.5], "paid": [True], **columns,
    }  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.table(given), sink)
    return sink.getvalue()


@pytest.mark.parametrize("cut", [0, 3, 200, -1, -100])
def test_a_parquet_file_that_was_cut_is_named(tmp_path: Path, cut: int) -> None:
    with pytest.raises(SourceError, match=r"2017-03-01\.parquet: it is not a whole Parquet file"):
        read(tmp_path, parquet()[:cut] if cut else b"", "parquet", "parquet")


def test_a_parquet_file_with_wrong_bytes_is_named(tmp_path: Path) -> None:
    data = bytearray(parquet(stay_id=pa.array([7]), guest=["x" * 500]))
    data[10:40] = bytes(30)
    with pytest.raises(SourceError, match=r"2017-03-01\.parquet: it is not a whole Parquet file"):
        read(tmp_path, bytes(data), "parquet", "parquet")


def test_a_parquet_file_with_a_damaged_name_is_named(tmp_path: Path) -> None:
    data = parquet().replace(b"stay_id", b"\x80tay_id")
    with pytest.raises(SourceError, match=r"2017-03-01\.parquet: it is not a whole Parquet file"):
        read(tmp_path, data, "parquet", "parquet")


NANOSECOND = pa.array([1_488_326_400_000_000_001], pa.timestamp("ns"))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param({"stay_id": [2.5]}, r"row 1: column 'stay_id' holds 2.5", id="fraction"),
        pytest.param(
            {"stay_id": pa.array([2**63], pa.uint64())}, "'stay_id' holds 9223372036854775808", id="unsigned"
        ),
        pytest.param({"stay_id": ["5"]}, "'stay_id' holds '5'", id="text as integer"),
        pytest.param({"price": [2**53 + 1]}, "'price' holds 9007199254740993", id="beyond 2^53"),
        pytest.param({"guest": [5]}, "'guest' holds 5", id="integer as text"),
        pytest.param({"guest": ["a\0b"]}, r"'guest' holds 'a\\x00b'", id="NUL"),
        pytest.param({"guest": [{"name": "Ada"}]}, "'guest' holds {'name': 'Ada'}", id="struct"),
        pytest.param({"guest": [[1]]}, r"'guest' holds \[1\]", id="list"),
        pytest.param({"guest": [b"Ada"]}, "'guest' holds b'Ada'", id="bytes"),
        pytest.param({"paid": [2]}, "'paid' holds 2", id="boolean"),
        pytest.param({"arrives": ["soon"]}, "'arrives' holds 'soon'", id="date"),
        pytest.param({"made_at": NANOSECOND}, "'made_at' holds .*00:00:00.000000001", id="nanosecond"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_row(
    tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        read(tmp_path, parquet(**columns), "parquet", "parquet")


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    broken = pa.array([b"Ada", b"caf\xe9"]).cast(pa.binary()).view(pa.string())
    columns = {name: [value, value] for name, value in {"stay_id": 1, "made_at": "2017-03-01"}.items()}
    rest = {"arrives": pa.nulls(2), "price": pa.nulls(2), "paid": pa.nulls(2)}
    with pytest.raises(SourceError, match=r"row 2: column 'guest' holds b'caf\\xe9'"):
        read(tmp_path, parquet(**columns, **rest, guest=broken), "parquet", "parquet")


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["stay_id", "stay_id"]), sink)
    with pytest.raises(SourceError, match="column stay_id is there twice"):
        read(tmp_path, sink.getvalue(), "parquet", "parquet")


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"stay_id": [1], "made_at": ["2017-03-01"], "Guest": ["Ada"]}), sink)
    with pytest.raises(
        SourceError, match=r"no column arrives, guest, price, paid \('Guest' is .*: stay_id, made_at"
    ):
        read(tmp_path, sink.getvalue(), "parquet", "parquet")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(b"{", "line 2: the line is not a JSON object: Expecting", id="cut"),
        pytest.param(b"[1]", "it is a list, not an object", id="list"),
        pytest.param(b"<html>", "not a JSON object.*it begins '<html>'", id="HTML"),
        pytest.param(b'{"stay_id": 1, "stay_id": 2}', "the name 'stay_id' stands twice", id="name twice"),
        pytest.param(b'{"price": 1e999}', "the number 1e999 is too large", id="too large"),
        pytest.param(b'{"guest": "\xe9"}', "can't decode byte 0xe9", id="encoding"),
        pytest.param(b'{"guest": "a\0b"}', "Invalid control character", id="NUL"),
        pytest.param(b'{"guest": "a\\u0000b"}', r"row 2: column 'guest' holds 'a\\x00b'", id="escaped NUL"),
        pytest.param(b'{"guest": "\\ud800"}', r"column 'guest' holds '\\ud800'", id="half a pair"),
        pytest.param(b'{"guest": {"name": "Ada"}}', "column 'guest' holds {'name': 'Ada'}", id="object"),
        pytest.param(b'{"stay_id": 2.7}', "column 'stay_id' holds 2.7", id="fraction"),
        pytest.param(
            b'{"stay_id": 9007199254740993.0}', "column 'stay_id' holds 90071992547409", id="long float"
        ),
        pytest.param(
            b'{"price": 9007199254740993}', "column 'price' holds 9007199254740993", id="beyond 2^53"
        ),
        pytest.param(b'{"price": "5"}', "column 'price' holds '5'", id="number in quotes"),
        pytest.param(b"[" * 100_000, "nested too deeply|maximum recursion", id="nested"),
    ],
)
def test_a_bad_json_line_is_refused_with_its_place(tmp_path: Path, line: bytes, said: str) -> None:
    sound = (
        b'{"stay_id": 1, "made_at": "2017-03-01", "arrives": null, "guest": null, "price": 1, "paid": null}'
    )
    with pytest.raises(SourceError, match=said):
        read(tmp_path, sound + b"\n" + line + b"\n", "jsonl", "jsonl")


def test_a_column_that_no_json_line_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"no column arrives, guest, price, paid; there are: stay_id, made_at"
    ):
        read(tmp_path, b'{"stay_id": 1, "made_at": "2017-03-01"}', "jsonl", "jsonl")


def test_an_empty_file_of_json_lines_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, b"", "jsonl", "jsonl").num_rows == 0
