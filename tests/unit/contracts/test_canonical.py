"""One text for one value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.canonical import canonical_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_is_read_back_is_the_same_and_has_the_same_text(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written


@given(st.dictionaries(st.text(), SCALARS))
def test_the_order_of_keys_makes_no_difference(value: dict[str, object]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize(
    ("value", "said"), [(float("nan"), '"nan"'), (float("inf"), '"inf"'), ([float("-inf")], '["-inf"]')]
)
def test_numbers_that_are_none_are_spelled(value: object, said: str) -> None:
    assert canonical_json(value) == said
