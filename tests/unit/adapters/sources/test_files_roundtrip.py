"""Any table of typed values that is written as CSV, JSON lines or Parquet is read back equal."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.arrow_columns import arrow_schema
from include.adapters.sources import csv_text
from include.specs import ColumnType
from tests.support.daily_files import files_spec, put, read_days
from tests.support.sources import COLUMNS, DAY

MIDNIGHT = datetime.combine(DAY, time(), UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "stay_id": st.none() | st.integers(-(2**63), 2**63 - 1),
            "made_at": st.timedeltas(timedelta(0), timedelta(days=1, microseconds=-1)).map(
                lambda t: MIDNIGHT + t
            ),
            "arrives": st.none() | st.dates(),
            "guest": st.none() | TEXT,
            "price": st.none() | st.floats(allow_nan=False),
            "paid": st.none() | st.booleans(),
        }
    ),
    max_size=20,
)
SCHEMA = arrow_schema({name: ColumnType(kind) for name, kind in COLUMNS.items()})
Row = dict[str, Any]


def as_csv(rows: Sequence[Row]) -> bytes:
    """Text in quotes, so that empty text differs from none."""
    lines = [",".join(COLUMNS), *(",".join(_field(row[name]) for name in COLUMNS) for row in rows)]
    return "\r\n".join(lines).encode()


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return value.isoformat() if isinstance(value, date) else str(value)


def as_jsonl(rows: Sequence[Row]) -> bytes:
    texts = [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in rows]
    return "\n".join(map(json.dumps, texts)).encode()


def as_parquet(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), sink, row_group_size=7)
    return sink.getvalue()


def as_foreign_parquet(rows: Sequence[Row]) -> bytes:
    """The same values in other types of Arrow, as other writers choose them."""
    table = pa.Table.from_pylist(list(rows), SCHEMA)
    for name, kind in (
        ("guest", pa.dictionary(pa.int32(), pa.large_string())),
        ("arrives", pa.timestamp("s")),
        ("made_at", pa.timestamp("us")),
    ):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("write", "ending"),
    [
        (as_csv, "csv"),
        (lambda rows: gzip.compress(as_csv(rows)), "csv.gz"),
        (as_jsonl, "jsonl"),
        (as_parquet, "parquet"),
        (as_foreign_parquet, "parquet"),
    ],
)
@settings(max_examples=50)
@given(rows=ROWS)
def test_values_come_back_equal(
    write: Callable[[Sequence[Row]], bytes], ending: str, rows: list[Row]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder, f"2017-03-01.{ending}"), write(rows))
        spec = files_spec(Path(folder, f"{{ds}}.{ending}"), ending.split(".")[0])
        table = read_days(spec, Path(folder))
    assert table.equals(pa.Table.from_pylist(rows, SCHEMA))


@settings(max_examples=50)
@given(rows=ROWS, chunk=st.integers(1, 50))
def test_csv_does_not_depend_on_where_it_is_cut(rows: list[Row], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(csv_text, "_CHUNK_BYTES", chunk)
        patch.setattr(csv_text, "BLOCK_BYTES", chunk)
        put(Path(folder, "2017-03-01.csv"), as_csv(rows))
        table = read_days(files_spec(Path(folder, "{ds}.csv")), Path(folder))
    assert table.equals(pa.Table.from_pylist(rows, SCHEMA))
