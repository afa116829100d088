from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from include.specs.file_source import FileSource
from tests.support.daily_files import files_spec

GIVEN = {"kind": "files", "path": "/in/{ds}.csv", "format": "csv"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/in/{ds}.csv", "/in/2017-03-01.csv"),
        ("s3://bucket/{year}/{month}/{day}/*.csv", "s3://bucket/2017/03/01/*.csv"),
        ("/in/x_{ds_nodash}_?.csv", "/in/x_20170301_?.csv"),
        ("file:///in/{ds}/{ds}.csv", "file:///in/2017-03-01/2017-03-01.csv"),
    ],
)
def test_a_path_is_filled_with_the_day(path: str, expected: str) -> None:
    source = FileSource.model_validate({**GIVEN, "path": path, "marker": path})
    assert source.path_of(date(2017, 3, 1)) == source.marker_of(date(2017, 3, 1)) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"path": "/in/all.csv"}, "must hold the day"),
        ({"path": "/in/{year}.csv"}, "must hold the day"),
        ({"path": "/in/{date}.csv"}, "unknown placeholder {date}; there are {ds}"),
        ({"path": "/in/{ds}}.csv"}, "a brace without its partner"),
        ({"path": "in/{ds}.csv"}, "begin with / or with a scheme"),
        ({"path": "zip://x::/in/{ds}.zip"}, "not several chained"),
        ({"path": "https://example.com/{ds}.csv"}, "source of kind http"),
        ({"path": "/in/{ds}.zip"}, "archives are not read"),
        ({"format": "xlsx"}, "'csv', 'parquet' or 'jsonl'"),
        ({"format": "jsonl", "csv": {"delimiter": ";"}}, "the format is jsonl"),
        ({"csv": {"delimiter": ";;"}}, "delimiter"),
        ({"csv": {"delimiter": "|", "quote": "|"}}, "are both '|'"),
        ({"csv": {"encoding": "utf-9"}}, "no text encoding of that name"),
        ({"csv": {"encoding": "base64"}}, "no text encoding of that name"),
        ({"marker": "s3://bucket/{ds}/_SUCCESS"}, "different kinds of storage"),
        ({"marker": "/in/_SUCCESS"}, "must hold the day"),
        ({"late_days": -1}, "late_days"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FileSource.model_validate({**GIVEN, **changes})


def test_columns_that_may_be_absent_must_be_declared() -> None:
    with pytest.raises(ValidationError, match="source names column 'tip', which `columns` does not declare"):
        files_spec("/in/{ds}.csv", may_be_absent=["tip"])
