from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.arrow_columns import arrow_schema
from include.adapters.replay_file import file_sha256, read_replay_file, write_replay_file
from include.core.replay import mendable
from include.errors import DiskFullError, ReplayError
from include.specs.dataset import QUARANTINE_COLUMNS, REPLAY_COLUMNS
from tests.support.sources import DAY, stay, stays_spec

COLUMNS = stays_spec().columns
SCHEMA = arrow_schema(COLUMNS)
HEADER = ",".join([*REPLAY_COLUMNS, *COLUMNS])
LINE = "2017-03-01,abc,replace,1,2017-03-01T09:30:00Z,2017-04-01,Ada,50.0,true"

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROW = st.builds(
    lambda n, at, day, guest, price, paid: dict(zip(COLUMNS, (n, at, day, guest, price, paid), strict=True)),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.dates(date(1000, 1, 1)),
    st.none() | TEXT,
    st.none() | st.floats(allow_nan=False),
    st.none() | st.booleans(),
)


def quarantine(rows: list[dict[str, object]]) -> pa.Table:
    table = pa.Table.from_pylist(rows, SCHEMA)
    words = pa.array([["a rule, with «words»", "another"]] * len(rows), pa.list_(pa.string()))
    for name in QUARANTINE_COLUMNS:
        table = table.append_column(name, words)
    return table


def read_back(folder: Path, rows: list[dict[str, object]]) -> pa.Table:
    table = mendable(quarantine(rows), DAY)
    path = folder / "rows.csv"
    write_replay_file(path, table.schema, table.to_batches())
    return read_replay_file(path, COLUMNS)


@settings(max_examples=60)
@given(rows=st.lists(ROW, max_size=5))
def test_what_is_exported_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    found = read_back(tmp_path_factory.mktemp("csv"), rows)
    assert found.select(list(COLUMNS)).to_pylist() == pa.Table.from_pylist(rows, SCHEMA).to_pylist()
    assert found["quarantine_ds"].to_pylist() == [DAY] * len(rows)
    assert found.column_names == [*REPLAY_COLUMNS, *COLUMNS]


def test_long_texts_with_line_breaks_are_read_back(tmp_path: Path) -> None:
    rows = [stay(n, guest="long\n" * 500_000) for n in range(3)]
    assert read_back(tmp_path, rows)["guest"].to_pylist() == [row["guest"] for row in rows]


def test_a_parquet_file_is_taken_too(tmp_path: Path) -> None:
    table = mendable(quarantine([stay(1), stay(2, guest=None)]), DAY)
    pq.write_table(table, tmp_path / "rows.parquet")
    found = read_replay_file(tmp_path / "rows.parquet", COLUMNS)
    assert found.select(list(COLUMNS)).to_pylist() == [stay(1), stay(2, guest=None)]


def written(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("latin-1"))
    return path


def test_order_of_columns_and_what_explains_them_do_not_matter(tmp_path: Path) -> None:
    names, values = HEADER.split(",")[::-1], LINE.split(",")[::-1]
    text = f"quarantine_rule,{','.join(names)}\nwhy,{','.join(values)}\n"
    found = read_replay_file(written(tmp_path, text), COLUMNS)
    assert found.select(list(COLUMNS)).to_pylist() == [stay(1)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            f"{HEADER}\n{LINE.replace(',1,', ',one,')}", "row 1: column 'stay_id' holds 'one'", id="type"
        ),
        pytest.param(
            f"{HEADER}\n{LINE.replace('true', 'perhaps')}", "column 'paid' holds 'perhaps'", id="bool"
        ),
        pytest.param(
            f"{HEADER}\n{LINE}\n{LINE},", "not readable: .*Expected 9 columns, got 10", id="shifted"
        ),
        pytest.param(f"{HEADER},room\n{LINE},3", r"unknown column\(s\) room", id="unknown column"),
        pytest.param(HEADER.replace(",guest", "") + "\n", r"no column\(s\) guest", id="column gone"),
        pytest.param(f"{HEADER},guest\n{LINE},Eve", r"column\(s\) twice: guest", id="column twice"),
        pytest.param(f"{HEADER}\n{LINE.replace('Ada', 'Zoë')}", "not readable: .*utf-8", id="encoding"),
        pytest.param(f"{HEADER}\n{LINE.replace('2017-04-01', '31.12.2017')}", "column 'arrives'", id="date"),
        pytest.param("", "not readable", id="empty"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_place_and_value(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ReplayError, match=complaint) as caught:
        read_replay_file(written(tmp_path, text), COLUMNS)
    assert str(tmp_path / "rows.csv") in str(caught.value)


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="not readable"):
        read_replay_file(written(tmp_path, "PAR1 and no more", "rows.parquet"), COLUMNS)


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    assert file_sha256(written(tmp_path, "x")).startswith("2d711642b726b044")
    with pytest.raises(ReplayError, match=r"called \.csv or \.parquet"):
        file_sha256(written(tmp_path, "x", "rows.xlsx"))
    with pytest.raises(ReplayError, match="not readable: No such file"):
        file_sha256(tmp_path / "nowhere.csv")


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> object:
        yield pa.RecordBatch.from_pylist([stay(1)], SCHEMA)
        raise OSError(28, "No space left on device")

    with pytest.raises(DiskFullError, match="no room is left"):
        write_replay_file(tmp_path / "rows.csv", SCHEMA, failing())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
