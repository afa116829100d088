from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from include.core.bootstrap import _Curve, bootstrap_difference
from include.specs.task import Metric

REFERENCE = {Metric.ROC_AUC: roc_auc_score, Metric.AVERAGE_PRECISION: average_precision_score}


def sample(rows: int, strength: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, rows)
    return labels, strength * labels + generator.normal(size=rows)


@pytest.mark.parametrize("metric", list(REFERENCE))
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=4, max_size=40))
def test_weighted_metrics_equal_those_of_scikit_learn(
    metric: Metric, rows: list[tuple[bool, int, int]]
) -> None:
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    labels, weights = labels.astype(np.int64), weights.astype(np.float64)
    labels[:2], weights[:2] = [0, 1], 1.0
    ours = _Curve(labels, scores.astype(np.float64)).measure(weights[None, :], metric)[0]
    assert ours == pytest.approx(REFERENCE[metric](labels, scores, sample_weight=weights))


@pytest.mark.parametrize("metric", list(REFERENCE))
def test_a_draw_of_one_class_is_not_a_number(metric: Metric) -> None:
    curve = _Curve(np.array([0, 1]), np.array([0.1, 0.9]))
    assert np.isnan(curve.measure(np.array([[2.0, 0.0], [0.0, 2.0]]), metric)).all()


@pytest.mark.parametrize("metric", list(REFERENCE))
def test_a_model_does_not_differ_from_itself(metric: Metric) -> None:
    labels, scores = sample(200, 1.0)
    interval = bootstrap_difference(labels, scores, scores, metric, 0.95, seed=1)
    assert interval is not None
    assert (interval.difference, interval.lower, interval.upper) == (0, 0, 0)


@pytest.mark.parametrize("metric", list(REFERENCE))
def test_a_much_better_model_lies_above_zero(metric: Metric) -> None:
    labels, scores = sample(500, 2.0)
    noise = np.random.default_rng(5).normal(size=500)
    better = bootstrap_difference(labels, scores, noise, metric, 0.95, seed=1)
    worse = bootstrap_difference(labels, noise, scores, metric, 0.95, seed=1)
    assert better is not None
    assert worse is not None
    assert 0 < better.lower < better.difference < better.upper
    assert (worse.lower, worse.upper) == (-better.upper, -better.lower)


def test_equal_seeds_give_equal_intervals() -> None:
    labels, scores = sample(200, 1.0)
    other = scores[::-1].copy()
    first, again, different = (
        bootstrap_difference(labels, scores, other, Metric.ROC_AUC, 0.95, seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != different


def test_more_rows_make_the_interval_narrower() -> None:
    widths = []
    for rows in (200, 3200):
        labels, scores = sample(rows, 1.0)
        other = scores + np.random.default_rng(3).normal(size=rows)
        interval = bootstrap_difference(labels, scores, other, Metric.ROC_AUC, 0.95, seed=1)
        assert interval is not None
        widths.append(interval.upper - interval.lower)
    assert widths[1] < widths[0] / 2


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two models of equal strength: the true difference is zero."""
    generator, held, rounds = np.random.default_rng(11), 0, 60
    for _ in range(rounds):
        labels = generator.integers(0, 2, 300)
        first, second = labels + generator.normal(size=(2, 300))
        interval = bootstrap_difference(labels, first, second, Metric.ROC_AUC, 0.9, seed=1, resamples=200)
        held += interval is not None and interval.lower <= 0 <= interval.upper
    assert 0.8 <= held / rounds <= 0.98


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([1, 1, 1], [0.1, 0.2, 0.3], id="one-class"),
        pytest.param([0, 1, 0], [0.1, np.nan, 0.3], id="not-a-number"),
        pytest.param([0] * 50 + [1], [0.1] * 51, id="too-few-of-one-class"),
    ],
)
def test_what_cannot_be_compared_has_no_interval(labels: list[int], scores: list[float]) -> None:
    values = np.array(scores, dtype=np.float64)
    found = bootstrap_difference(np.array(labels, dtype=np.int64), values, values, Metric.ROC_AUC, 0.95, 1)
    assert found is None
