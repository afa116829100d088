from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from include.core.metrics import measure
from include.core.model_info import ModelInfo
from include.core.pipeline import score
from include.core.training import fit_model
from include.core.training_set import RowCounts, TrainingSet
from include.errors import EstimatorError, TrainingDataError
from include.specs.task import METRICS, Task
from include.specs.training import Calibration
from tests.support.model_specs import model_spec, task_spec

AS_OF = date(2024, 3, 31)


def training_set(rows: int = 900, seed: int = 0) -> TrainingSet:
    generator = np.random.default_rng(seed)
    size = generator.normal(size=rows)
    kind = generator.choice(["a", "b"], rows)
    labels = (size + (kind == "a") + generator.normal(size=rows) > 0.5).astype(np.int64)
    days = [AS_OF - timedelta(days=int(n)) for n in generator.integers(6, 90, rows)]
    return TrainingSet(
        rows=pd.DataFrame({"size": size, "kind": kind}),
        labels=labels,
        matured=np.array(days, dtype="datetime64[D]"),
        counts=RowCounts(rows + 5, 3, 2, rows),
    )


def in_holdout(data: TrainingSet) -> np.ndarray:
    return data.matured >= np.datetime64(AS_OF - timedelta(days=15))


def test_the_holdout_does_not_touch_the_fit() -> None:
    data, spec = training_set(), model_spec()
    first = fit_model(spec, data, AS_OF)
    flipped = np.where(in_holdout(data), 1 - data.labels, data.labels)
    second = fit_model(spec, TrainingSet(data.rows, flipped, data.matured, data.counts), AS_OF)
    scores = [score(item.pipeline, data.rows, spec.features) for item in (first, second)]
    np.testing.assert_array_equal(*scores)
    assert first.info == second.info


def test_training_twice_gives_the_same() -> None:
    first, second = (fit_model(model_spec(), training_set(), AS_OF) for _ in range(2))
    np.testing.assert_array_equal(first.scores, second.scores)
    assert (first.info, first.metrics, first.importance) == (
        second.info, second.metrics, second.importance,
    )  # fmt: skip


def test_the_counts_cover_all_rows() -> None:
    rows = fit_model(model_spec(), training_set(), AS_OF).info.rows
    parts = rows["train"] + rows["validation"] + rows["holdout"]
    assert rows["snapshot"] == parts + rows["immature"] + rows["mature_without_label"]


def test_the_model_has_learned_something() -> None:
    data, spec = training_set(3000), model_spec()
    fitted = fit_model(spec, data, AS_OF)
    chosen = in_holdout(data)
    scores = score(fitted.pipeline, data.rows[chosen], spec.features)
    assert measure(spec.task, data.labels[chosen], scores)["roc_auc_score"] > 0.75
    assert fitted.importance["size"] > 0


def test_the_threshold_is_a_score() -> None:
    assert 0 < fit_model(model_spec(), training_set(), AS_OF).info.threshold < 1


@pytest.mark.parametrize(
    ("first_ago", "last_ago", "part"),
    [pytest.param(26, 90, "train", id="train"), pytest.param(16, 25, "validation", id="validation")],
)
def test_a_part_with_one_class_is_refused(first_ago: int, last_ago: int, part: str) -> None:
    data = training_set()
    ago = (np.datetime64(AS_OF) - data.matured).astype(int)
    labels = np.where((ago >= first_ago) & (ago <= last_ago), 1, data.labels)
    with pytest.raises(TrainingDataError, match=f"the {part} part has only class 1"):
        fit_model(model_spec(), TrainingSet(data.rows, labels, data.matured, data.counts), AS_OF)


@pytest.mark.parametrize("feature", ["size", "kind"])
def test_a_feature_without_a_single_value_is_refused(feature: str) -> None:
    data = training_set()
    bare = TrainingSet(data.rows.assign(**{feature: None}), data.labels, data.matured, data.counts)
    with pytest.raises(TrainingDataError, match=f"{feature} has no value in the train part"):
        fit_model(model_spec(), bare, AS_OF)


TASKS = pytest.mark.parametrize("task", [Task.MULTICLASS_CLASSIFICATION, Task.REGRESSION])
CLASSES = ("bus", "car", "train")


def other_set(task: Task) -> TrainingSet:
    """The same rows, with a label that is a class or a number."""
    data = training_set(1500)
    truth = data.rows["size"].to_numpy() + np.random.default_rng(1).normal(scale=0.4, size=1500)
    if task is Task.REGRESSION:
        return replace(data, labels=truth)
    return replace(data, labels=np.digitize(truth, [-0.5, 0.5]), classes=CLASSES)


@TASKS
def test_other_tasks_are_fitted_and_measured(task: Task) -> None:
    fitted = fit_model(task_spec(task, params={"max_iter": 20}), other_set(task), AS_OF, entity_key=["id"])
    info = fitted.info
    assert (info.task, info.threshold, info.entity_key) == (task, None, ["id"])
    assert info.classes == (list(CLASSES) if task is Task.MULTICLASS_CLASSIFICATION else [])
    assert {f"validation_{metric}" for metric in METRICS[task]} <= set(fitted.metrics)
    assert fitted.metrics.get("validation_r2_score", fitted.metrics.get("validation_f1_macro", 0)) > 0.6
    assert fitted.importance["size"] > 10 * abs(fitted.importance["kind"])
    assert ModelInfo.read(info.to_json()) == info


@TASKS
def test_the_holdout_of_other_tasks_does_not_touch_the_fit(task: Task) -> None:
    data, spec = other_set(task), task_spec(task, params={"max_iter": 5})
    flipped = np.where(in_holdout(data), data.labels[0], data.labels)
    first, second = (fit_model(spec, one, AS_OF) for one in (data, replace(data, labels=flipped)))
    scores = [score(one.pipeline, data.rows, spec.features, task) for one in (first, second)]
    np.testing.assert_array_equal(*scores)
    assert (first.info, first.metrics) == (second.info, second.metrics)


@pytest.mark.parametrize("calibration", [Calibration.NONE, Calibration.ISOTONIC])
def test_a_class_without_rows_in_validation_hinders_only_a_calibration(calibration: Calibration) -> None:
    task = Task.MULTICLASS_CLASSIFICATION
    data = other_set(task)
    ago = (np.datetime64(AS_OF) - data.matured).astype(int)
    labels = np.where((ago >= 16) & (ago <= 25) & (data.labels == 2), 1, data.labels)
    spec = task_spec(task, params={"max_iter": 5}, calibration=str(calibration))
    if calibration is Calibration.NONE:
        assert fit_model(spec, replace(data, labels=labels), AS_OF).scores.shape[1] == 3
        return
    with pytest.raises(TrainingDataError, match="the validation part has no row of class train"):
        fit_model(spec, replace(data, labels=labels), AS_OF)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_the_threshold_is_chosen_on_calibrated_scores(method: str) -> None:
    spec = model_spec(calibration=method, threshold={"recall": 0.9})
    fitted = fit_model(spec, training_set(), AS_OF)
    found = score(fitted.pipeline, fitted.rows, spec.features)
    np.testing.assert_array_equal(found, fitted.scores)
    assert fitted.info.threshold is not None
    answered = found >= fitted.info.threshold
    assert answered[fitted.labels == 1].mean() >= 0.9
    assert str(fitted.info.threshold_rule).startswith("recall at least 0.9")
    assert fitted.info.calibration == method


def test_searched_parameters_are_recorded() -> None:
    fitted = fit_model(model_spec(), training_set(), AS_OF, {"max_depth": 2})
    assert fitted.info.params == {"max_iter": 20, "max_depth": 2}
    assert fitted.info.spec["training"]["params"] == {"max_iter": 20}


def test_an_estimator_that_answers_nonsense_is_named() -> None:
    spec = task_spec(Task.BINARY_CLASSIFICATION, estimator="tests.support.own_estimators:odd")
    with pytest.raises(
        EstimatorError, match=r"own_estimators:odd gives \d+ of \d+ scores that are not finite"
    ):
        fit_model(spec, training_set(), AS_OF)
