from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.core.search_space import propose_trials
from include.specs.training import Choices, Numbers

SPACE = {
    "rate": Numbers(low=0.001, high=0.1, log=True),
    "share": Numbers(low=0.0, high=1.0),
    "leaves": Numbers(low=2, high=9),
    "weight": Choices(choices=["balanced", "none"]),
}


def test_a_trials_number_and_the_seed_decide_its_parameters() -> None:
    sixteen = propose_trials(SPACE, 7, 16)
    assert propose_trials(SPACE, 7, 16) == sixteen
    assert propose_trials(dict(reversed(SPACE.items())), 7, 16) == sixteen
    assert propose_trials(SPACE, 7, 5) == sixteen[:5]
    assert propose_trials(SPACE, 8, 16) != sixteen


def test_a_logarithmic_range_is_tried_as_often_below_its_geometric_mean_as_above() -> None:
    rates = [float(params["rate"]) for params in propose_trials(SPACE, 7, 64)]
    assert sum(rate < math.sqrt(0.001 * 0.1) for rate in rates) == pytest.approx(32, abs=1)


def test_whole_numbers_are_tried_equally_often_at_the_ends_and_between() -> None:
    leaves = [params["leaves"] for params in propose_trials(SPACE, 7, 128)]
    assert all(type(one) is int for one in leaves)
    counts = {number: leaves.count(number) for number in range(2, 10)}
    assert min(counts.values()) >= 14
    assert max(counts.values()) <= 18


def test_no_two_trials_are_equal_and_a_small_space_has_fewer() -> None:
    small = {"a": Choices(choices=[True, False]), "b": Numbers(low=1, high=3)}
    found = propose_trials(small, 7, 50)
    assert sorted((str(one["a"]), one["b"]) for one in found) == [
        (a, b) for a in ("False", "True") for b in (1, 2, 3)
    ]


@given(
    low=st.integers(1, 1000),
    width=st.integers(1, 1000),
    log=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    trials=st.integers(1, 40),
)
def test_every_value_lies_in_its_range(low: int, width: int, log: bool, seed: int, trials: int) -> None:
    whole = Numbers(low=low, high=low + width, log=log)
    real = Numbers(low=low / 7, high=(low + width) / 7, log=log)
    for params in propose_trials({"whole": whole, "real": real}, seed, trials):
        assert whole.low <= params["whole"] <= whole.high
        assert real.low <= params["real"] <= real.high
