from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.adapters.arrow_columns import ARROW_TYPES
from include.adapters.text_columns import parse_text
from include.errors import SourceError
from include.specs import ColumnType

NINE = datetime(2017, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("integer", "-5", -5),
        ("integer", "+5", 5),
        ("integer", "007", 7),
        ("integer", "5.0", 5),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("number", ".5", 0.5),
        ("number", "+1e-3", 0.001),
        ("number", "-Infinity", float("-inf")),
        ("number", "NaN", None),
        ("number", "9007199254740994", 2.0**53 + 2),
        ("boolean", "TRUE", True),
        ("boolean", "f", False),
        ("boolean", "0", False),
        ("date", "0001-01-01", date(1, 1, 1)),
        ("date", "2017-03-01 00:00:00.000", date(2017, 3, 1)),
        ("date", "2017-03-01T00:00Z", date(2017, 3, 1)),
        ("timestamp", "2017-03-01", NINE.replace(hour=0)),
        ("timestamp", "2017-03-01 09:00", NINE),
        ("timestamp", "2017-03-01T09:00:00.5Z", NINE.replace(microsecond=500_000)),
        ("timestamp", "2017-03-01T10:00:00+01:00", NINE),
        ("timestamp", "2017-03-01 07:30:00-0130", NINE),
        ("timestamp", "2017-03-01 09:00:00+00", NINE),
        ("timestamp", "2017-03-01 09:00:00 UTC", NINE),
        ("timestamp", "2017-03-01 09:00:00.000000000", NINE),
        ("timestamp", "2017-03-26 02:30:00", datetime(2017, 3, 26, 2, 30, tzinfo=UTC)),
        ("string", "", ""),
        ("string", "é", "é"),
    ],
)
def test_a_text_says_its_value(kind: str, text: str, expected: Any) -> None:
    array = parse_text("x", ColumnType(kind), pa.array([None, text]), ["", "?"])
    assert array.type == ARROW_TYPES[ColumnType(kind)]
    assert array.to_pylist() == [None, expected]


@pytest.mark.parametrize("kind", [kind for kind in ColumnType if kind is not ColumnType.STRING])
def test_words_for_missing_are_missing(kind: ColumnType) -> None:
    assert parse_text("x", kind, pa.array(["?", "", None]), ["", "?"]).null_count == 3


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "2.7"), ("integer", "1e3"), ("integer", " 5"), ("integer", "1,000"), ("integer", "0x1F"),
        ("integer", "9223372036854775808"), ("integer", "five"), ("integer", "-"), ("integer", "?"),
        ("number", "1,5"), ("number", "9007199254740993"), ("number", "1e999"), ("number", "1 000"),
        ("number", "."), ("number", "-9007199254740993"), ("boolean", "yes"), ("boolean", "2"),
        ("date", "2017-02-29"), ("date", "01/03/2017"), ("date", "20170301"), ("date", "2017-03-01 09:00"),
        ("date", "0000-00-00"), ("timestamp", "2017-03-01 24:00"), ("timestamp", "2017-03-01 09:00 CET"),
        ("timestamp", "2017-03-01 09:00:00.0000001"), ("timestamp", "1488358800"), ("timestamp", "9:00"),
        ("timestamp", "2017-13-01 09:00"), ("timestamp", "2017-03-01T09:00:00+25:00"), ("string", "a\0b"),
    ],
)  # fmt: skip
def test_a_text_that_says_no_value_is_named(kind: str, text: str) -> None:
    sound = {"integer": "1", "number": "1", "boolean": "t", "string": "x"}.get(kind, "2017-03-01")
    with pytest.raises(SourceError, match="column 'x' holds") as raised:
        parse_text("x", ColumnType(kind), pa.array([sound, None, text, text]), [""])
    assert raised.value.facts["position"] == 2


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integers_come_back(values: list[int | None]) -> None:
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    assert parse_text("x", ColumnType.INTEGER, texts, [""]).to_pylist() == values


@given(st.lists(st.none() | st.integers(-(2**60), 2**60)))
def test_whole_numbers_come_back_or_are_refused(values: list[int | None]) -> None:
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    exact = all(value is None or int(float(value)) == value for value in values)
    if exact:
        assert parse_text("x", ColumnType.NUMBER, texts, [""]).to_pylist() == values
    else:
        with pytest.raises(SourceError):
            parse_text("x", ColumnType.NUMBER, texts, [""])
