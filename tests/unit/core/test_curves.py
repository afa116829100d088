from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from include.core.curves import precision_recall_points, recall_by_class, residual_points, roc_points


def sample(rows: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, rows)
    return labels, labels + generator.normal(size=rows)


def test_a_roc_curve_in_few_points_encloses_the_same_area() -> None:
    labels, scores = sample(5000)
    points = np.array(roc_points(labels, scores))
    assert len(points) <= 200
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(roc_auc_score(labels, scores), abs=2e-3)


def test_precision_and_recall_run_from_few_answers_to_all() -> None:
    labels, scores = sample(5000)
    points = np.array(precision_recall_points(labels, scores))
    assert (np.diff(points[:, 0]) >= 0).all()
    assert points[-1].tolist() == [1, pytest.approx(labels.mean(), abs=0.01)]


def test_every_residual_counts_once() -> None:
    labels = np.random.default_rng(1).normal(size=1000)
    narrow, wide = residual_points(labels, [labels + 0.1, np.zeros(1000)])
    assert sum(share for _, share in narrow) == pytest.approx(1)
    assert sum(share for _, share in wide) == pytest.approx(1)
    assert [x for x, _ in narrow] == [x for x, _ in wide]


def test_equal_residuals_have_bins_too() -> None:
    [points] = residual_points(np.ones(10), [np.zeros(10)])
    assert sum(share for _, share in points) == pytest.approx(1)


def test_the_recall_of_each_class() -> None:
    labels, answers = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert recall_by_class(labels, answers, 3) == [(2, 0.5), (2, 1.0), (0, None)]
