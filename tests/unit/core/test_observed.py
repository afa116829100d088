from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.observed import LONGEST_VALUE, key_texts, observed_texts, value_texts

MOMENT = pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        pytest.param([7, -(2**63), None], pa.int64(), ["7", "-9223372036854775808", "null"], id="integers"),
        pytest.param(
            [50.0, -5.5, 0.1, float("inf"), None],
            pa.float64(),
            ["50.0", "-5.5", "0.1", "inf", "null"],
            id="numbers",
        ),
        pytest.param(["Ada", "", None], pa.string(), ["Ada", "", "null"], id="texts"),
        pytest.param([True, False, None], pa.bool_(), ["true", "false", "null"], id="booleans"),
        pytest.param([date(2017, 1, 1), None], pa.date32(), ["2017-01-01", "null"], id="dates"),
        pytest.param(
            [datetime(2017, 3, 1, 9, tzinfo=UTC), datetime(2017, 3, 1, 9, 0, 0, 5, UTC), None],
            MOMENT,
            ["2017-03-01T09:00:00+00:00", "2017-03-01T09:00:00.000005+00:00", "null"],
            id="moments",
        ),
    ],
)
def test_values_are_readable_text(values: list[Any], kind: pa.DataType, texts: list[str]) -> None:
    assert value_texts(pa.array(values, kind)).to_pylist() == texts


@given(
    values=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=2 * LONGEST_VALUE))
)
def test_long_texts_are_cut_and_others_left(values: list[str | None]) -> None:
    for value, shown in zip(values, value_texts(pa.array(values, pa.string())).to_pylist(), strict=True):
        if value is None:
            assert shown == "null"
        elif len(value) <= LONGEST_VALUE:
            assert shown == value
        else:
            assert shown == value[:LONGEST_VALUE] + "…"


@given(values=st.lists(st.floats(allow_nan=False)))
def test_a_number_can_be_read_back(values: list[float]) -> None:
    assert [float(text) for text in value_texts(pa.array(values, pa.float64())).to_pylist()] == values


def test_a_key_of_one_column_is_its_value_and_of_more_names_them() -> None:
    rows = pa.table({"stay_id": [7, 8], "room": ["a", None]})
    assert key_texts(rows, ["stay_id"]).to_pylist() == ["7", "8"]
    assert key_texts(rows, ["stay_id", "room"]).to_pylist() == [
        "(stay_id=7, room=a)",
        "(stay_id=8, room=null)",
    ]


def test_what_was_observed_names_its_columns() -> None:
    rows = pa.table({"price": [1.5], "guest": pa.array([None], pa.string())})
    assert observed_texts(rows, ["price", "guest"]).to_pylist() == ["price=1.5, guest=null"]
    assert observed_texts(rows.slice(0, 0), ["price"]).to_pylist() == []
