from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.core import folds as folds_module
from include.core.folds import mean_up_to, score_fold, search_folds, search_metric
from include.core.split import split_by_maturity
from include.core.training_set import RowCounts, TrainingSet
from include.errors import EstimatorError, SpecError, TrainingDataError
from include.specs.model import ModelSpec
from include.specs.task import Metric, Task
from tests.support.model_specs import model_spec, task_spec

AS_OF = date(2024, 4, 10)
DAYS, ROWS = 90, 20
SEARCH: Mapping[str, Any] = {"trials": 4, "folds": 3, "space": {"max_iter": {"low": 2, "high": 9}}}


def make_spec(**search: Any) -> ModelSpec:
    return model_spec(params={}, search={**SEARCH, **search})


def make_data(labels: np.ndarray | None = None) -> TrainingSet:
    """One cohort a day, up to the last mature one; grace is 5 days."""
    rng = np.random.default_rng(0)
    last = np.datetime64(AS_OF - timedelta(days=6))
    matured = np.repeat(np.arange(last - DAYS + 1, last + 1), ROWS)
    size = rng.normal(size=len(matured))
    rows = pd.DataFrame({"size": size, "kind": rng.choice(["a", "b"], len(matured))})
    known = (size + rng.normal(scale=0.7, size=len(size)) > 0).astype(np.int64) if labels is None else labels
    return TrainingSet(rows, known, matured, RowCounts(len(rows), 0, 0, len(rows)))


def test_folds_grow_and_the_last_one_is_scored_on_the_validation_part() -> None:
    data = make_data()
    found = search_folds(data, make_spec(), AS_OF)
    parts = split_by_maturity(data.matured, AS_OF, 5, 10, 10)
    assert [fold.number for fold in found] == [0, 1, 2]
    assert np.array_equal(found[-1].train, parts.train)
    assert np.array_equal(found[-1].scored, parts.validation)
    assert [int(fold.scored.sum()) for fold in found] == [10 * ROWS] * 3
    assert [int(fold.train.sum()) for fold in found] == [days * ROWS for days in (50, 60, 70)]
    assert found[-1].last + timedelta(days=1) == parts.holdout_first
    for fold in found:
        assert data.matured[fold.train].max() < data.matured[fold.scored].min() == np.datetime64(fold.first)
        assert not (fold.scored & parts.holdout).any()
        assert not (fold.train & parts.holdout).any()


def test_the_holdout_never_reaches_a_trial() -> None:
    spec, data = make_spec(), make_data()
    holdout = split_by_maturity(data.matured, AS_OF, 5, 10, 10).holdout
    altered = make_data(np.where(holdout, 1 - data.labels, data.labels))
    altered.rows.loc[holdout, ["size", "kind"]] = [1e9, "never seen"]
    params = {"max_iter": 5}
    scored = [score_fold(spec, data, fold, params) for fold in search_folds(data, spec, AS_OF)]
    assert scored == [score_fold(spec, altered, fold, params) for fold in search_folds(altered, spec, AS_OF)]
    assert all(0.6 < value < 1 for value in scored)


def test_a_fold_without_enough_to_learn_from_is_named() -> None:
    data = make_data()
    ones = np.where(data.matured < np.datetime64(AS_OF - timedelta(days=40)), 1, data.labels)
    with pytest.raises(TrainingDataError, match=r"search.folds, 1 of 3, train part has only class 1"):
        search_folds(make_data(ones), make_spec(), AS_OF)


def test_other_parameters_score_otherwise_and_equal_ones_alike() -> None:
    spec, data = make_spec(), make_data()
    fold = search_folds(data, spec, AS_OF)[0]
    assert score_fold(spec, data, fold, {"max_iter": 2}) == score_fold(spec, data, fold, {"max_iter": 2})
    assert score_fold(spec, data, fold, {"max_iter": 2}) != score_fold(spec, data, fold, {"max_iter": 50})


def test_parameters_that_the_estimator_refuses_are_told_of() -> None:
    spec, data = make_spec(), make_data()
    with pytest.raises(SpecError, match="max_iter"):
        score_fold(spec, data, search_folds(data, spec, AS_OF)[0], {"max_iter": -1})


def test_a_metric_that_is_not_defined_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, data = make_spec(), make_data()
    fold = search_folds(data, spec, AS_OF)[0]
    monkeypatch.setattr(folds_module, "measure", lambda *_: {})
    with pytest.raises(EstimatorError, match="roc_auc_score is not defined on fold 1"):
        score_fold(spec, data, fold, {})


def test_trials_are_ranked_by_the_metric_of_the_gate_unless_the_search_names_one() -> None:
    assert search_metric(make_spec()) is Metric.ROC_AUC
    assert search_metric(make_spec(metric="log_loss")) is Metric.LOG_LOSS
    assert search_metric(model_spec()) is Metric.ROC_AUC


def test_a_regression_is_searched_too() -> None:
    spec = task_spec(Task.REGRESSION, search=SEARCH)
    data = make_data()
    values = data.rows["size"].to_numpy() * 2
    data = TrainingSet(data.rows, values, data.matured, data.counts)
    found = search_folds(data, spec, AS_OF)
    assert score_fold(spec, data, found[0], {"max_iter": 50}) < score_fold(
        spec, data, found[0], {"max_iter": 2}
    )


def test_several_classes_are_searched_too() -> None:
    spec = task_spec(Task.MULTICLASS_CLASSIFICATION, search=SEARCH)
    data = make_data()
    codes = np.digitize(data.rows["size"].to_numpy(), [-0.5, 0.5])
    data = TrainingSet(data.rows, codes, data.matured, data.counts, ("high", "low", "mid"))
    found = search_folds(data, spec, AS_OF)
    assert score_fold(spec, data, found[0], {"max_iter": 9}) < score_fold(
        spec, data, found[0], {"max_iter": 2}
    )


def test_the_mean_so_far_knows_nothing_of_later_folds() -> None:
    assert mean_up_to({2: 9.0, 0: 1.0, 1: 2.0}, 1) == 1.5
