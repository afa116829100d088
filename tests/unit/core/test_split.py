from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from include.core.split import split_by_maturity

AS_OF = date(2024, 3, 31)
SPANS = st.integers(min_value=1, max_value=60)


def days(*ago: int) -> np.ndarray:
    return np.array([np.datetime64(AS_OF - timedelta(days=n)) for n in ago], dtype="datetime64[D]")


def test_the_boundaries_are_where_they_are_said_to_be() -> None:
    # grace 5, holdout 10, validation 7: holdout is 15 to 6 days ago, validation 22 to 16.
    split = split_by_maturity(days(5, 6, 15, 16, 22, 23), AS_OF, grace=5, validation=7, holdout=10)
    assert split.holdout.tolist() == [False, True, True, False, False, False]
    assert split.validation.tolist() == [False, False, False, True, True, False]
    assert split.train.tolist() == [False, False, False, False, False, True]
    assert (split.holdout_first, split.holdout_last) == (date(2024, 3, 16), date(2024, 3, 25))


@given(st.lists(st.integers(0, 200)), st.integers(0, 30), SPANS, SPANS)
def test_no_row_is_in_two_parts_and_parts_follow_each_other(
    ago: list[int], grace: int, validation: int, holdout: int
) -> None:
    matured = days(*ago)
    split = split_by_maturity(matured, AS_OF, grace, validation, holdout)
    parts = [split.train, split.validation, split.holdout]
    assert (np.sum(parts, axis=0) <= 1).all() if ago else True
    spans = [matured[part] for part in parts if part.any()]
    assert all(before.max() < after.min() for before, after in pairwise(spans))


@given(st.lists(st.integers(1, 200), min_size=1), st.integers(0, 30), SPANS, SPANS)
def test_every_mature_row_is_in_a_part(ago: list[int], grace: int, validation: int, holdout: int) -> None:
    matured = days(*(n + grace for n in ago))
    split = split_by_maturity(matured, AS_OF, grace, validation, holdout)
    assert (split.train | split.validation | split.holdout).all()


@given(st.lists(st.integers(0, 200), min_size=1), SPANS, SPANS)
def test_the_split_does_not_depend_on_the_order_of_rows(
    ago: list[int], validation: int, holdout: int
) -> None:
    forward = split_by_maturity(days(*ago), AS_OF, 5, validation, holdout)
    backward = split_by_maturity(days(*reversed(ago)), AS_OF, 5, validation, holdout)
    assert forward.holdout.tolist() == backward.holdout[::-1].tolist()
    assert forward.train.tolist() == backward.train[::-1].tolist()
