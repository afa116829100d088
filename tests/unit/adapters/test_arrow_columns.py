from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.adapters.arrow_columns import ARROW_TYPES, arrow_schema, to_array
from include.errors import SourceError
from include.specs import ColumnType

NOON = datetime(2017, 3, 1, 12, tzinfo=UTC)
VALUES = {
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False),
    ColumnType.STRING: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.DATE: st.dates(),
    ColumnType.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
}


@pytest.mark.parametrize("kind", ColumnType)
@given(data=st.data())
def test_values_of_the_type_come_back_unchanged(kind: ColumnType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind]))
    array = to_array("x", kind, values)
    assert array.type == ARROW_TYPES[kind]
    assert array.to_pylist() == values


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("integer", 5.0, 5, id="whole float as integer"),
        pytest.param("integer", Decimal("7"), 7, id="whole decimal as integer"),
        pytest.param("number", 3, 3.0, id="integer as number"),
        pytest.param("number", Decimal("1.25"), 1.25, id="decimal as number"),
        pytest.param("number", float("nan"), None, id="NaN is missing"),
        pytest.param("number", Decimal("NaN"), None, id="decimal NaN is missing"),
        pytest.param("string", UUID(int=1), str(UUID(int=1)), id="UUID as text"),
        pytest.param("boolean", 1, True, id="one as true"),
        pytest.param("date", "2017-03-01", date(2017, 3, 1), id="ISO text as date"),
        pytest.param("date", datetime(2017, 3, 1), date(2017, 3, 1), id="midnight as date"),  # noqa: DTZ001
        pytest.param("timestamp", "2017-03-01 12:00:00", NOON, id="text without zone is UTC"),
        pytest.param("timestamp", "2017-03-01T14:00:00+02:00", NOON, id="text with zone"),
        pytest.param("timestamp", datetime(2017, 3, 1, 12), NOON, id="naive is UTC"),  # noqa: DTZ001
        pytest.param(
            "timestamp", NOON.astimezone(timezone(timedelta(hours=2))), NOON, id="other zone becomes UTC"
        ),
        pytest.param("timestamp", date(2017, 3, 1), NOON.replace(hour=0), id="date as midnight"),
    ],
)
def test_values_that_fit_exactly_are_converted(kind: str, value: Any, expected: Any) -> None:
    assert to_array("x", ColumnType(kind), [None, value]).to_pylist() == [None, expected]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("number", Decimal("1e400"), id="decimal beyond all floats"),
        pytest.param("number", Decimal("-1e-400"), id="decimal too small for a float"),
        pytest.param("integer", 2.5, id="fraction as integer"),
        pytest.param("integer", 2**63, id="integer too large"),
        pytest.param("integer", float("inf"), id="infinity as integer"),
        pytest.param("integer", 2.0**53, id="float that several integers round to"),
        pytest.param("integer", True, id="boolean as integer"),
        pytest.param("integer", "5", id="text as integer"),
        pytest.param("number", "1.5", id="text as number"),
        pytest.param("number", 10**400, id="integer beyond any float"),
        pytest.param("number", 2**53 + 1, id="integer between two floats"),
        pytest.param("string", 5, id="integer as text"),
        pytest.param("string", "a\0b", id="text with NUL"),
        pytest.param("string", "\ud800", id="half a surrogate pair"),
        pytest.param("boolean", 2, id="two as boolean"),
        pytest.param("boolean", "yes", id="text as boolean"),
        pytest.param("date", NOON, id="time of day as date"),
        pytest.param("date", "1 March", id="free text as date"),
        pytest.param("timestamp", "soon", id="free text as timestamp"),
        pytest.param("timestamp", 1488326400, id="epoch as timestamp"),
    ],
)
def test_a_value_that_does_not_fit_is_named(kind: str, value: Any) -> None:
    with pytest.raises(SourceError) as raised:
        to_array("price", ColumnType(kind), [None, value])
    assert raised.value.facts == {
        "column": "price",
        "declared": kind,
        "example": raised.value.facts["example"],
        "position": 1,
    }
    assert ascii(value)[:20] in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        pytest.param("number", 2**53 + 1, "is not a number: no float holds it exactly", id="integer"),
        pytest.param("number", str(2**53 + 1), "is not a number: no float holds it exactly", id="digits"),
        pytest.param("number", "50", "is not a number", id="text of a number that fits"),
        pytest.param("string", "a\0b", "is not a string: it has a NUL character", id="NUL"),
        pytest.param("integer", 2.5, "is not an integer", id="fraction"),
    ],
)
def test_a_value_that_looks_right_is_explained(kind: str, value: Any, reason: str) -> None:
    with pytest.raises(SourceError) as raised:
        to_array("x", ColumnType(kind), [value])
    assert raised.value.what.endswith(reason)


def test_a_long_example_is_cut() -> None:
    with pytest.raises(SourceError) as raised:
        to_array("price", ColumnType.NUMBER, ["9" * 5000])
    assert len(str(raised.value)) < 400


def test_a_column_without_values_keeps_its_type() -> None:
    for kind in ColumnType:
        assert to_array("x", kind, [None, None]).equals(pa.nulls(2, ARROW_TYPES[kind]))


def test_schema_keeps_the_order_of_the_spec() -> None:
    schema = arrow_schema({"b": ColumnType.DATE, "a": ColumnType.INTEGER})
    assert schema == pa.schema([("b", pa.date32()), ("a", pa.int64())])
