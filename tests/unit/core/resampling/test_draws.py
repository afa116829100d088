from __future__ import annotations

import numpy as np
import pytest

from include.core.resampling import draws
from include.core.resampling.draws import draw_weights


def test_each_draw_takes_as_many_rows_as_there_are() -> None:
    weights = np.concatenate(list(draw_weights(40, 100, seed=1)))
    assert weights.shape == (100, 40)
    assert (weights.sum(axis=1) == 40).all()


def test_equal_seeds_draw_equal_rows_whatever_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(draw_weights(41, 100, seed=1)))
    monkeypatch.setattr(draws, "CELLS", 41 * 7)
    batches = list(draw_weights(41, 100, seed=1))
    assert {len(batch) for batch in batches} == {7, 100 % 7}
    np.testing.assert_array_equal(np.concatenate(batches), whole)


def test_a_batch_of_many_rows_is_a_single_draw() -> None:
    assert next(draw_weights(draws.CELLS + 1, 3, seed=1)).shape == (1, draws.CELLS + 1)
