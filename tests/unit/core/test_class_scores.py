from __future__ import annotations

import numpy as np

from include.core.class_scores import spread_scores, union_of


def test_classes_keep_the_candidates_order() -> None:
    assert union_of(["b", "a"], ["a", "c", "b"]) == ["b", "a", "c"]


def test_scores_go_to_their_classes_and_others_get_none() -> None:
    scores = np.array([[0.2, 0.8], [1.0, 0.0]])
    spread = spread_scores(scores, ["c", "a"], ["a", "b", "c"])
    np.testing.assert_array_equal(spread, [[0.8, 0.0, 0.2], [0.0, 0.0, 1.0]])
