from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.core.calibration import calibrate
from include.core.estimators import build_estimator
from include.core.fitting import fit_pipeline
from include.core.pipeline import estimator_of, score
from include.core.prepare import prepare
from include.errors import DataError, EstimatorError, SpecError
from include.specs.model import ModelSpec
from include.specs.task import Task
from include.specs.training import Calibration, Estimator
from tests.support.model_specs import task_spec

SMALL = {"hist_gradient_boosting": {"max_iter": 10}, "random_forest": {"n_estimators": 10}, "linear": {}}
ALL = pytest.mark.parametrize("task", list(Task)), pytest.mark.parametrize("estimator", list(Estimator))
OWN = "tests.support.own_estimators"


def rows(count: int = 400) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": np.where(generator.random(count) < 0.1, np.nan, generator.normal(size=count)),
            "kind": generator.choice(np.array(["a", "b", None], dtype=object), count),
        }
    )


def labels(task: Task, frame: pd.DataFrame) -> np.ndarray:
    truth = frame["size"].fillna(0).to_numpy() + (frame["kind"] == "a")
    if task is Task.REGRESSION:
        return np.asarray(truth, dtype=np.float64)
    return np.digitize(truth, [0.5] if task is Task.BINARY_CLASSIFICATION else [0, 1])


def spec_of(task: Task, estimator: str) -> ModelSpec:
    return task_spec(task, estimator=estimator, params=SMALL[estimator])


@ALL[0]
@ALL[1]
def test_missing_and_unseen_values_are_scored(task: Task, estimator: str) -> None:
    spec, frame = spec_of(task, estimator), rows()
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), labels(task, frame))
    odd = pd.DataFrame({"size": [None, 1.0, None], "kind": ["never seen", None, None]})
    scores = score(pipeline, odd, spec.features, task)
    assert scores.shape == ((3, 3) if task is Task.MULTICLASS_CLASSIFICATION else (3,))
    assert np.isfinite(scores).all()
    assert score(pipeline, odd.head(0), spec.features, task).shape == (0, *scores.shape[1:])


@ALL[0]
@ALL[1]
def test_constant_features_and_ten_rows_are_fitted(task: Task, estimator: str) -> None:
    spec, frame = spec_of(task, estimator), rows(10).assign(size=1.0, kind="a")
    truth = np.arange(10) % (3 if task is Task.MULTICLASS_CLASSIFICATION else 2)
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), truth)
    scores = score(pipeline, frame, spec.features, task)
    assert np.ptp(scores, axis=0).max() == 0


@ALL[0]
@ALL[1]
def test_fitting_twice_gives_the_same_scores(task: Task, estimator: str) -> None:
    spec, frame = spec_of(task, estimator), rows()
    truth, prepared = labels(task, frame), prepare(frame, spec.features)
    first, second = (score(fit_pipeline(spec, prepared, truth), frame, spec.features, task) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("estimator", list(Estimator))
def test_a_feature_of_very_many_values_keeps_the_frequent_ones(estimator: str) -> None:
    """Rare values share one code, so that what they have in common is still learned."""
    count = 20_000
    names = np.where(np.arange(count) % 2 == 0, "usual", [f"n{number}" for number in range(count)])
    frame = pd.DataFrame({"size": 0.0, "kind": names})
    spec = spec_of(Task.BINARY_CLASSIFICATION, estimator)
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), (np.arange(count) % 2 == 0).astype(int))
    encoder = pipeline[0].named_transformers_["categorical"]
    assert len(encoder.categories_[0]) <= 254
    usual, rare, new = score(
        pipeline, pd.DataFrame({"size": 0.0, "kind": ["usual", "n7", "new"]}), spec.features
    )
    assert usual > 0.7 > 0.3 > rare
    assert new == rare or estimator == "linear"


def test_fewer_bins_take_fewer_categories() -> None:
    frame = pd.DataFrame({"size": 0.0, "kind": [f"n{number % 100}" for number in range(1000)]})
    spec = task_spec(Task.REGRESSION, params={"max_bins": 20, "max_iter": 5})
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), np.arange(1000.0))
    assert len(pipeline[0].named_transformers_["categorical"].categories_[0]) == 18


def test_searched_parameters_go_before_those_of_the_spec() -> None:
    spec = task_spec(Task.REGRESSION, params={"max_iter": 5, "max_depth": 2})
    assert build_estimator(spec, {"max_iter": 9}).get_params()["max_iter"] == 9
    assert build_estimator(spec, {"max_iter": 9}).get_params()["max_depth"] == 2


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        pytest.param("random_forest", {"n_trees": 3}, id="unknown"),
        pytest.param("linear", {"C": "much"}, id="value"),
        pytest.param("linear", {"C": -1}, id="range"),
    ],
)
def test_parameters_are_refused_before_rows_are_read(estimator: str, params: dict[str, object]) -> None:
    spec = task_spec(Task.BINARY_CLASSIFICATION, estimator=estimator, params=params)
    with pytest.raises(
        SpecError, match=rf"include/models/demo\.yaml: {estimator} refuses .*{next(iter(params))}"
    ):
        build_estimator(spec)


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        pytest.param("no_such_module:build", "cannot be imported: ModuleNotFoundError.*install", id="module"),
        pytest.param(f"{OWN}:missing", "has no missing.*write a function missing", id="function"),
        pytest.param(f"{OWN}:no_function", "has a value of this name", id="not-callable"),
        pytest.param(f"{OWN}:throwing", "cannot be built: KeyError: 'depth'", id="throws"),
        pytest.param(f"{OWN}:nothing", "returns NoneType, which is no scikit-learn estimator", id="nothing"),
        pytest.param(
            f"{OWN}:median", "with fit and predict_proba, as binary_classification", id="other-task"
        ),
    ],
)
def test_a_factory_that_builds_no_estimator_is_named(factory: str, said: str) -> None:
    spec = task_spec(Task.BINARY_CLASSIFICATION, estimator=factory)
    with pytest.raises(SpecError, match=f"include/models/demo.yaml: training.estimator {factory} .*{said}"):
        build_estimator(spec)


def test_a_factory_is_given_task_parameters_and_seed() -> None:
    spec = task_spec(Task.REGRESSION, estimator=f"{OWN}:median", params={"shift": 2.0})
    frame = rows(50)
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), np.full(50, 3.0))
    assert score(pipeline, frame, spec.features, Task.REGRESSION).tolist() == [5.0] * 50
    seeded = build_estimator(task_spec(Task.BINARY_CLASSIFICATION, estimator=f"{OWN}:prior"))
    assert seeded.get_params()["random_state"] == 7


def test_an_estimator_that_fails_to_fit_is_named_with_its_cause() -> None:
    spec, frame = task_spec(Task.BINARY_CLASSIFICATION, estimator=f"{OWN}:failing"), rows(50)
    with pytest.raises(
        EstimatorError, match="failing failed to fit 50 rows of 2 features: ArithmeticError: the op"
    ) as caught:
        fit_pipeline(spec, prepare(frame, spec.features), labels(spec.task, frame))
    assert isinstance(caught.value.__cause__, ArithmeticError)


@pytest.mark.parametrize("estimator", ["random_forest", "linear", f"{OWN}:prior"])
def test_infinity_is_named_where_the_estimator_cannot_take_it(estimator: str) -> None:
    spec, frame = task_spec(Task.BINARY_CLASSIFICATION, estimator=estimator), rows(50)
    frame.loc[3, "size"] = np.inf
    with pytest.raises(DataError, match="feature size holds infinity"):
        fit_pipeline(spec, prepare(frame, spec.features), labels(spec.task, frame))


def test_the_estimator_is_found_behind_its_calibration() -> None:
    spec, frame = spec_of(Task.BINARY_CLASSIFICATION, "linear"), rows()
    prepared, truth = prepare(frame, spec.features), labels(spec.task, frame)
    pipeline = fit_pipeline(spec, prepared, truth)
    calibrated = calibrate(pipeline, prepared, truth, Calibration.SIGMOID)
    assert estimator_of(calibrated) is estimator_of(pipeline) is pipeline[-1]
