"""Which files are a day's, what is said about them, and which rows are taken out of them."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.adapters.sources import open_source
from include.adapters.sources.file_store import FileStore, FoundFile
from include.errors import NotReadyError, SourceError, SourceUnavailableError
from tests.support.daily_files import ROW, csv_of, files_spec, ids, numbered, put, read_days
from tests.support.sources import COLUMNS, DAY, inn_settings

NEXT = DAY + timedelta(days=1)


def test_all_files_of_the_day_are_read_and_no_others(tmp_path: Path) -> None:
    put(tmp_path / "in/2017-03-01/b.csv", csv_of(*numbered([3, 4])))
    put(tmp_path / "in/2017-03-01/a.csv", csv_of(*numbered([1, 2])))
    put(tmp_path / "in/2017-03-02/a.csv", csv_of(*numbered([5], NEXT)))
    put(tmp_path / "in/2017-03-01/notes.txt", b"x")
    spec = files_spec(tmp_path / "in/{ds}/*.csv")
    assert ids(read_days(spec, tmp_path)) == [1, 2, 3, 4]
    assert ids(read_days(spec, tmp_path, DAY, NEXT + timedelta(days=1))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("x_{ds_nodash}.csv", "x_20170301.csv"), ("{year}/{month}/{day}/x.csv", "2017/03/01/x.csv")],
)
def test_the_day_may_be_written_in_other_ways(tmp_path: Path, pattern: str, name: str) -> None:
    put(tmp_path / "in" / name, csv_of(ROW))
    assert ids(read_days(files_spec(tmp_path / "in" / pattern), tmp_path)) == [1]


def test_a_wildcard_leaves_out_notes_and_unfinished_files(tmp_path: Path) -> None:
    put(tmp_path / "in/2017-03-01/part-0", csv_of(ROW))
    put(tmp_path / "in/2017-03-01/_SUCCESS", b"")
    put(tmp_path / "in/2017-03-01/.part-1.tmp", b"stay_")
    (tmp_path / "in/2017-03-01/folder").mkdir()
    assert ids(read_days(files_spec(tmp_path / "in/{ds}/*"), tmp_path)) == [1]


def test_a_day_without_files_has_no_rows(tmp_path: Path) -> None:
    assert read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path).num_rows == 0


def test_a_source_names_its_files_and_columns(tmp_path: Path) -> None:
    for number in range(12):
        put(
            tmp_path / f"in/2017-03-01_{number:02d}.csv",
            csv_of(f"{number}{ROW[1:]},x", header=f"{_HEADER},tip"),
        )
    spec = files_spec(tmp_path / "in/{ds}_*.csv")
    with open_source(inn_settings(tmp_path, "sqlite://"), spec) as source:
        assert source.count_rows(DAY, NEXT) is None
        assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 12
        told = source.describe(DAY)
        assert source.found_columns() == dict.fromkeys([*COLUMNS, "tip"], "text")
    assert told["path"] == str(tmp_path / "in/2017-03-01_*.csv")
    assert told["event_time"] == "made_at"
    assert told["files"].startswith("12: 2017-03-01_00.csv (")
    assert told["files"].endswith("and 2 more")
    assert int(told["bytes"]) == sum(path.stat().st_size for path in (tmp_path / "in").iterdir())


_HEADER = ",".join(COLUMNS)


def test_rows_of_another_day_are_refused_with_their_number(tmp_path: Path) -> None:
    path = put(tmp_path / "2017-03-01.csv", csv_of(ROW, *numbered([2, 3], NEXT), *numbered([4])))
    with pytest.raises(SourceError, match="2 of 4 rows belong to another UTC day than 2017-03-01") as raised:
        read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path)
    assert raised.value.where == str(path)
    assert "row 2 with made_at 2017-03-02T09:30:00" in str(raised.value)


def test_a_row_without_event_time_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv", csv_of(ROW, "2,,2017-04-01,Ada,50.0,true"))
    with pytest.raises(SourceError, match=r"1 of 2 rows .*1 of them have no event time.*row 2"):
        read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path)


def test_late_rows_are_taken_out_of_later_files(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv", csv_of(*numbered([1])))
    put(tmp_path / "2017-03-02.csv", csv_of(*numbered([2], NEXT), *numbered([3])))
    spec = files_spec(tmp_path / "{ds}.csv", late_days=1)
    assert ids(read_days(spec, tmp_path)) == [1, 3]
    assert ids(read_days(spec, tmp_path, NEXT)) == [2]
    put(tmp_path / "2017-03-03.csv", csv_of(*numbered([4])))
    with pytest.raises(SourceError, match="another UTC day than 2017-03-02 to 2017-03-03"):
        read_days(spec, tmp_path, NEXT)


def test_files_cut_by_a_clock_further_west_hold_rows_of_the_next_day(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv", csv_of(*numbered([1]), *numbered([2], NEXT)))
    put(tmp_path / "2017-03-02.csv", csv_of(*numbered([3], NEXT)))
    spec = files_spec(tmp_path / "{ds}.csv", early_days=1)
    assert ids(read_days(spec, tmp_path)) == [1]
    assert ids(read_days(spec, tmp_path, NEXT)) == [2, 3]


def test_a_day_is_not_read_before_its_marker_is_there(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01/a.csv", csv_of(ROW))
    spec = files_spec(tmp_path / "{ds}/*.csv", marker=str(tmp_path / "{ds}/_SUCCESS"))
    with pytest.raises(NotReadyError, match=r"2017-03-01/_SUCCESS: the file that says"):
        read_days(spec, tmp_path)
    put(tmp_path / "2017-03-01/_SUCCESS", b"")
    assert ids(read_days(spec, tmp_path)) == [1]


def test_late_rows_of_a_day_that_is_still_delivered_wait(tmp_path: Path) -> None:
    spec = files_spec(tmp_path / "{ds}/*.csv", late_days=1, marker=str(tmp_path / "{ds}/_SUCCESS"))
    put(tmp_path / "2017-03-01/a.csv", csv_of(*numbered([1])))
    put(tmp_path / "2017-03-01/_SUCCESS", b"")
    put(tmp_path / "2017-03-02/a.csv", csv_of(*numbered([2])))
    assert ids(read_days(spec, tmp_path)) == [1]
    put(tmp_path / "2017-03-02/_SUCCESS", b"")
    assert ids(read_days(spec, tmp_path)) == [1, 2]


@pytest.mark.parametrize(
    ("changes", "until", "there", "ready"),
    [
        ({}, "rows", [], False),
        ({}, "rows", ["2017-03-01/a.csv"], True),
        ({}, "later_rows", ["2017-03-01/a.csv"], False),
        ({}, "later_rows", ["2017-03-02/a.csv"], True),
        ({"marker": "{ds}/_SUCCESS"}, "rows", ["2017-03-01/a.csv"], False),
        ({"marker": "{ds}/_SUCCESS"}, "rows", ["2017-03-01/_SUCCESS"], True),
    ],
)
def test_a_day_is_ready_once_its_files_or_marker_are_there(
    tmp_path: Path, changes: dict[str, Any], until: str, there: list[str], ready: bool
) -> None:
    for name in there:
        put(tmp_path / name, b"")
    changes = {name: str(tmp_path / value) for name, value in changes.items()}
    spec = files_spec(tmp_path / "{ds}/*.csv", **changes, spec={"arrival": {"until": until}})
    with open_source(inn_settings(tmp_path, "sqlite://"), spec) as source:
        found = source.is_ready(DAY)
    assert found.ready is ready
    assert ("is there" if ready else "is not there") in found.reason


def test_a_file_that_vanishes_between_list_and_read_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "2017-03-01.csv", csv_of(ROW))
    find = FileStore.find

    def find_and_lose(store: FileStore, pattern: str) -> list[FoundFile]:
        found = find(store, pattern)
        path.unlink()
        return found

    monkeypatch.setattr(FileStore, "find", find_and_lose)
    with pytest.raises(SourceUnavailableError, match=r"2017-03-01\.csv: the file was there .* and is gone"):
        read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path)


def test_a_file_that_grows_while_it_is_read_is_an_outage(tmp_path: Path) -> None:
    path = put(tmp_path / "2017-03-01.csv", csv_of(*numbered(range(10))))
    with open_source(inn_settings(tmp_path, "sqlite://"), files_spec(tmp_path / "{ds}.csv")) as source:
        batches = source.read(DAY, NEXT)
        next(batches)
        path.write_bytes(csv_of(*numbered(range(11))))
        with pytest.raises(SourceUnavailableError, match="changed while it was read"):
            list(batches)


def test_a_file_that_is_still_being_written_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.compress(csv_of(*numbered(range(1000))))
    path = put(tmp_path / "2017-03-01.csv.gz", whole[:-20])
    spec = files_spec(tmp_path / "{ds}.csv.gz")
    with pytest.raises(SourceError, match="cut short"):
        read_days(spec, tmp_path)
    find = FileStore.find

    def find_and_finish(store: FileStore, pattern: str) -> list[FoundFile]:
        found = find(store, pattern)
        path.write_bytes(whole[:-10])
        return found

    monkeypatch.setattr(FileStore, "find", find_and_finish)
    with pytest.raises(SourceUnavailableError, match="changed while it was read"):
        read_days(spec, tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv/part", csv_of(ROW))
    assert read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path).num_rows == 0


def test_columns_that_may_be_absent_are_missing_in_all_rows(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv", csv_of("1,2017-03-01T09:30:00Z", header="stay_id,made_at"))
    put(tmp_path / "2017-03-01.jsonl", b'{"stay_id": 2, "made_at": "2017-03-01 09:30:00"}\n')
    absent = ["arrives", "guest", "price", "paid"]
    for form in ("csv", "jsonl"):
        table = read_days(files_spec(tmp_path / f"{{ds}}.{form}", form, may_be_absent=absent), tmp_path)
        assert [table[name].null_count for name in absent] == [1, 1, 1, 1]
        with pytest.raises(
            SourceError, match=r"no column arrives, guest; there are: (made_at, stay_id|stay_id, made_at)"
        ):
            read_days(files_spec(tmp_path / f"{{ds}}.{form}", form, may_be_absent=absent[2:]), tmp_path)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_without_any_declared_column_is_refused(tmp_path: Path, form: str) -> None:
    sink = BytesIO()
    pq.write_table(pa.table({"x": [1]}), sink)
    put(tmp_path / "2017-03-01", sink.getvalue() if form == "parquet" else csv_of("1", header="x"))
    spec = files_spec(tmp_path / "{ds}", form, may_be_absent=list(COLUMNS))
    with pytest.raises(SourceError, match=r"there is no column stay_id, made_at.*; there are: x"):
        read_days(spec, tmp_path)


def test_a_name_that_differs_in_case_is_pointed_out(tmp_path: Path) -> None:
    put(tmp_path / "2017-03-01.csv", csv_of(ROW, header="Stay_ID,made_at,arrives,guest,price,paid"))
    with pytest.raises(SourceError, match=r"no column stay_id \('Stay_ID' is written otherwise\)"):
        read_days(files_spec(tmp_path / "{ds}.csv"), tmp_path)


def test_json_rows_may_leave_out_columns_that_others_have(tmp_path: Path) -> None:
    first = {"stay_id": 1, "made_at": "2017-03-01T09:30:00Z", "arrives": "2017-04-01", "guest": "Ada"}
    second = {"stay_id": 2, "made_at": "2017-03-01T09:30:00Z", "price": 5, "paid": False, "tip": {"x": [1]}}
    lines = "\n".join(map(json.dumps, (first, second)))
    put(tmp_path / "2017-03-01.jsonl", lines.encode())
    spec = files_spec(tmp_path / "{ds}.jsonl", "jsonl")
    with open_source(inn_settings(tmp_path, "sqlite://"), spec) as source:
        rows = [row for batch in source.read(DAY, NEXT) for row in batch.to_pylist()]
        assert source.found_columns() == dict.fromkeys([*COLUMNS, "tip"], "json")
    assert [row["price"] for row in rows] == [None, 5.0]
    assert [row["guest"] for row in rows] == ["Ada", None]
