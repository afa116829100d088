from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from include.core.learning_curve import LearningCurve, learning_curve
from include.core.training_set import RowCounts, TrainingSet
from include.specs.task import Metric
from tests.support.model_specs import model_spec

AS_OF = date(2024, 6, 1)
DAYS = 90
SPEC = model_spec(min_rows=10)


def training_set(rows_a_day: int = 20, labels: np.ndarray | None = None) -> TrainingSet:
    """Days up to the grace before `AS_OF`; the label follows `size`."""
    generator = np.random.default_rng(0)
    rows = DAYS * rows_a_day
    last = AS_OF - timedelta(days=SPEC.label.grace + 1)
    days = np.repeat(np.arange(DAYS - 1, -1, -1), rows_a_day)
    size = generator.normal(size=rows)
    return TrainingSet(
        rows=pd.DataFrame({"size": size, "kind": generator.choice(["a", "b"], rows)}),
        labels=(size + generator.normal(scale=0.5, size=rows) > 0).astype(np.int64)
        if labels is None
        else labels,
        matured=np.datetime64(last, "D") - days.astype("timedelta64[D]"),
        counts=RowCounts(rows, 0, 0, rows),
    )


def curve(data: TrainingSet, fitted: float | None = 0.9) -> LearningCurve:
    metrics = {} if fitted is None else {"roc_auc_score": fitted}
    return learning_curve(SPEC, data, AS_OF, SPEC.training.params, metrics)


def test_spans_double_and_end_with_the_version_itself() -> None:
    found = curve(training_set())
    assert found.metric is Metric.ROC_AUC
    assert [(point.days, point.rows) for point in found.points] == [(4, 80), (9, 180), (18, 360), (70, 1400)]
    assert found.points[-1].value == 0.9
    assert all(0.7 < point.value <= 1 for point in found.points)


def test_it_costs_less_than_half_a_fit() -> None:
    points = curve(training_set()).points
    assert sum(point.rows for point in points[:-1]) < points[-1].rows / 2


def test_equal_rows_give_equal_points() -> None:
    assert curve(training_set()) == curve(training_set())


def test_what_the_holdout_says_changes_nothing() -> None:
    data = training_set()
    altered = data.labels.copy()
    altered[-10 * 20 :] = 1 - altered[-10 * 20 :]
    assert curve(training_set(labels=altered)) == curve(data)


def test_spans_with_few_rows_or_one_class_are_left_out() -> None:
    assert [point.rows for point in curve(training_set(rows_a_day=5)).points] == [90, 350]
    labels = training_set().labels.copy()
    labels[1400 - 200 : 1400] = 1  # the newest ten train days know one class only
    assert [point.days for point in curve(training_set(labels=labels)).points] == [18, 70]


def test_a_metric_that_is_not_defined_for_the_version_gives_no_last_point() -> None:
    assert [point.days for point in curve(training_set(), None).points] == [4, 9, 18]
