from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from include.core.leakage.groups import count_labels, group_values
from include.core.leakage.rank_auc import chance_auc, number_auc, ordered_auc, out_of_fold_auc

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@given(ROWS)
def test_it_is_the_auc_of_the_values(rows: list[tuple[int, int]]) -> None:
    values, labels = (np.array(side) for side in zip(*rows, strict=True))
    groups = group_values(pd.Series(values, dtype=np.float64))
    counts = count_labels(groups.codes, labels, len(groups.values))
    assert ordered_auc(counts) == pytest.approx(roc_auc_score(labels, values))


@pytest.mark.parametrize("missing_has", [0, 1])
def test_missing_may_stand_at_either_end(missing_has: int) -> None:
    values = np.array([1, 2, 3, 4, np.nan, np.nan])
    labels = np.array([1 - missing_has] * 4 + [missing_has] * 2)
    groups = group_values(pd.Series(values))
    assert number_auc(count_labels(groups.codes, labels, 5), groups.has_missing) == 1


def test_a_column_of_names_is_not_clever() -> None:
    labels = np.random.default_rng(0).integers(0, 2, 1000)
    names = np.arange(1000)
    assert out_of_fold_auc(names, labels, names % 5, 1000) == 0.5


def test_a_value_that_means_the_label_is_found_out_of_fold() -> None:
    labels = np.random.default_rng(0).integers(0, 2, 1000)
    assert out_of_fold_auc(1 - labels, labels, np.arange(1000) % 5, 2) == 1


def test_one_class_says_nothing() -> None:
    assert ordered_auc(count_labels(np.array([0, 1]), np.array([1, 1]), 2)) == 0.5
    assert chance_auc(np.array([1, 1])) == np.inf


def test_chance_is_the_spread_of_an_idle_feature() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [60, 40])
    found = [roc_auc_score(labels, rng.random(100)) for _ in range(2000)]
    assert chance_auc(labels) == pytest.approx(np.std(found), rel=0.1)
