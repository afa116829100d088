from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from mlflow.models import Model, ModelSignature
from sklearn.pipeline import Pipeline

from include.adapters.model_files import (
    MODEL_FILE,
    folder_sha256,
    load_model,
    signature_of,
    write_model,
)
from include.core.calibration import calibrate
from include.core.fitting import fit_pipeline
from include.core.pipeline import score
from include.core.prepare import prepare
from include.errors import EstimatorError, IntegrityError, SettingsError
from include.specs.task import Task
from include.specs.training import Calibration, Estimator
from tests.support.model_specs import task_spec
from tests.support.own_estimators import OwnMedian

SMALL = {"hist_gradient_boosting": {"max_iter": 5}, "random_forest": {"n_estimators": 5}, "linear": {}}


@pytest.fixture
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame({"size": generator.normal(size=300), "kind": generator.choice(["a", "b"], 300)})


@pytest.mark.parametrize(
    ("task", "calibration"),
    [
        (task, method)
        for task in Task
        for method in Calibration
        if task.is_classification or method is Calibration.NONE
    ],
)
@pytest.mark.parametrize("estimator", list(Estimator))
def test_a_loaded_model_scores_as_the_one_that_was_written(
    estimator: str, task: Task, calibration: Calibration, rows: pd.DataFrame, tmp_path: Path
) -> None:
    spec = task_spec(task, estimator=estimator, params=SMALL[estimator])
    labels = rows["size"].to_numpy()
    if task is not Task.REGRESSION:
        labels = np.digitize(labels, [0] if task is Task.BINARY_CLASSIFICATION else [-0.5, 0.5])
    prepared = prepare(rows, spec.features)
    pipeline = calibrate(fit_pipeline(spec, prepared, labels), prepared, labels, calibration)
    scores = score(pipeline, rows, spec.features, task)
    signature = signature_of(prepare(rows, spec.features), scores)
    sha256 = write_model(pipeline, tmp_path / "model", Model(), signature)
    loaded = load_model(tmp_path / "model", sha256)
    np.testing.assert_array_equal(score(loaded, rows, spec.features, task), scores)


class Stubborn:
    """Has no state that could be stored."""

    def __getstate__(self) -> object:
        raise TypeError("I hold a file")


STRANGER = f"{OwnMedian.__module__}.OwnMedian"


def test_a_type_that_is_not_trusted_is_not_loaded(tmp_path: Path) -> None:
    skops.io.dump(OwnMedian(), tmp_path / MODEL_FILE)
    with pytest.raises(SettingsError, match=rf"not trusted: {STRANGER}\. Next: .*PERENNIAL_TRUSTED_TYPES"):
        load_model(tmp_path, folder_sha256(tmp_path))


def test_a_type_that_could_not_be_loaded_is_not_written(rows: pd.DataFrame, tmp_path: Path) -> None:
    pipeline, signature = own_pipeline(rows)
    with pytest.raises(SettingsError, match=f"not trusted: {STRANGER}"):
        write_model(pipeline, tmp_path / "model", Model(), signature)


def test_a_type_of_ones_own_is_loaded_where_it_is_trusted(rows: pd.DataFrame, tmp_path: Path) -> None:
    pipeline, signature = own_pipeline(rows)
    sha256 = write_model(pipeline, tmp_path / "model", Model(), signature, [STRANGER])
    loaded = load_model(tmp_path / "model", sha256, [STRANGER])
    assert isinstance(loaded[-1], OwnMedian)


def test_what_skops_cannot_store_is_named(rows: pd.DataFrame, tmp_path: Path) -> None:
    pipeline, signature = own_pipeline(rows)
    pipeline[-1].answer_ = Stubborn()
    with pytest.raises(EstimatorError, match=r"skops cannot store .*: I hold a file.*top level"):
        write_model(pipeline, tmp_path / "model", Model(), signature, [STRANGER])


def own_pipeline(rows: pd.DataFrame) -> tuple[Pipeline, ModelSignature]:
    spec = task_spec(Task.REGRESSION, estimator="tests.support.own_estimators:median")
    prepared = prepare(rows, spec.features)
    pipeline = fit_pipeline(spec, prepared, rows["size"].to_numpy())
    return pipeline, signature_of(prepared, score(pipeline, rows, spec.features, spec.task))


@pytest.mark.parametrize("change", ["content", "name", "extra"])
def test_a_changed_folder_is_refused(change: str, tmp_path: Path) -> None:
    skops.io.dump([1.0], tmp_path / MODEL_FILE)
    sha256 = folder_sha256(tmp_path)
    if change == "content":
        skops.io.dump([2.0], tmp_path / MODEL_FILE)
    elif change == "name":
        (tmp_path / MODEL_FILE).rename(tmp_path / "other")
    else:
        (tmp_path / "extra").write_text("")
    with pytest.raises(IntegrityError, match="registered was"):
        load_model(tmp_path, sha256)


def test_an_unchanged_folder_keeps_its_hash(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_text("1")
    (tmp_path / "a").write_text("2")
    assert folder_sha256(tmp_path) == folder_sha256(tmp_path)
