from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.adapters.arrow_casts import cast_array
from include.adapters.arrow_columns import ARROW_TYPES, to_array
from include.errors import SourceError
from include.specs import ColumnType

NUMBERS = st.floats() | st.floats(-10, 10) | st.integers(-5, 5).map(float)
ARRAYS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1) | st.integers(0, 2)),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), NUMBERS),
    "decimal": (pa.decimal128(20, 2), st.decimals(-1000, 1000, places=2)),
    "bool": (pa.bool_(), st.booleans()),
    "string": (pa.string(), st.sampled_from(["", "5", "2017-03-01", "2017-03-01T10:00:00Z", "a\0b", "é"])),
    "large_string": (pa.large_string(), st.sampled_from(["", "x", "2017-03-01 00:00:00"])),
    "date32": (pa.date32(), st.dates()),
    "date64": (pa.date64(), st.dates()),
    "timestamp_s": (pa.timestamp("s"), st.datetimes().map(lambda moment: moment.replace(microsecond=0))),
    "timestamp_us": (pa.timestamp("us"), st.datetimes()),
    "timestamp_tz": (pa.timestamp("us", "Europe/Berlin"), st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))),  # noqa: DTZ001, E501
}  # fmt: skip


def outcome(convert: Any, *arguments: Any) -> Any:
    try:
        return convert(*arguments)
    except SourceError as error:
        return {name: error.facts[name] for name in ("column", "declared", "position")}


@pytest.mark.parametrize("kind", ColumnType)
@pytest.mark.parametrize("name", ARRAYS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_cast_answers_as_the_conversion_value_by_value(
    name: str, kind: ColumnType, data: st.DataObject
) -> None:
    found, strategy = ARRAYS[name]
    values = data.draw(st.lists(st.none() | strategy, max_size=6))
    array = pa.array(values, found)
    fast, slow = outcome(cast_array, "x", kind, array), outcome(to_array, "x", kind, array.to_pylist())
    assert type(fast) is type(slow)
    assert fast.equals(slow) if isinstance(fast, pa.Array) else fast == slow


@pytest.mark.parametrize("kind", ColumnType)
def test_nothing_is_missing_in_any_type(kind: ColumnType) -> None:
    for found in (pa.null(), pa.binary(), pa.list_(pa.int8()), pa.dictionary(pa.int8(), pa.string())):
        assert cast_array("x", kind, pa.nulls(2, found)).equals(pa.nulls(2, ARROW_TYPES[kind]))


@pytest.mark.parametrize(
    ("array", "kind", "expected"),
    [
        (pa.array([Decimal("1.50"), None]), "number", [1.5, None]),
        (pa.array(["b", "a", None]).dictionary_encode(), "string", ["b", "a", None]),
        (pa.array([1_488_326_400_000_000_000], pa.timestamp("ns")), "date", [date(2017, 3, 1)]),
        (pa.array([1_488_326_400_000_001_000], pa.timestamp("ns", "UTC")), "timestamp", [datetime(2017, 3, 1, 0, 0, 0, 1, UTC)]),  # noqa: E501
        (pa.array([2**60]), "number", [2.0**60]),
    ],
)  # fmt: skip
def test_what_fits_exactly_is_converted(array: pa.Array, kind: str, expected: list[Any]) -> None:
    assert cast_array("x", ColumnType(kind), array).to_pylist() == expected


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([None, 1], pa.timestamp("ns")), "timestamp"),
        (pa.array([None, 10**18], pa.timestamp("s")), "timestamp"),
        (pa.array([None, b"x"]), "string"),
        (pa.array([None, [1]]), "string"),
        (pa.array([None, 5], pa.time64("us")), "timestamp"),
    ],
)
def test_what_no_type_holds_is_named(array: pa.Array, kind: str) -> None:
    with pytest.raises(SourceError, match="column 'x' holds") as raised:
        cast_array("x", ColumnType(kind), array)
    assert raised.value.facts["position"] == 1
