from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from include.core.pipeline import build_pipeline, prepare, score
from include.errors import SpecError
from include.specs.model import Features
from tests.support.model_specs import model_spec

ESTIMATORS = ["hist_gradient_boosting", "logistic_regression"]
FEATURES = Features(numeric=["size"], categorical=["kind"])


@pytest.fixture
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    kind = generator.choice(np.array(["a", "b", None], dtype=object), 400)
    return pd.DataFrame({"kind": kind, "size": generator.normal(size=400), "other": "x"})


@pytest.fixture
def labels(rows: pd.DataFrame) -> np.ndarray:
    return ((rows["size"] > 0) ^ (rows["kind"] == "a")).to_numpy(dtype=np.int64)


def fitted(estimator: str, rows: pd.DataFrame, labels: np.ndarray) -> Pipeline:
    return build_pipeline(model_spec(estimator=estimator)).fit(prepare(rows, FEATURES), labels)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, 2], [1.0, 2.0], id="integers"),
        pytest.param(pd.array([1, None], dtype="Int64"), [1.0, np.nan], id="integers-with-missing"),
        pytest.param([True, None, False], [1.0, np.nan, 0.0], id="booleans-with-missing"),
        pytest.param([None, None], [np.nan, np.nan], id="all-missing"),
        pytest.param([], [], id="no-rows"),
    ],
)
def test_numbers_become_float64(values: object, expected: list[float]) -> None:
    frame = pd.DataFrame({"size": values})
    prepared = prepare(frame, Features(numeric=["size"]))["size"]
    assert prepared.dtype == np.float64
    np.testing.assert_array_equal(prepared, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["a", None], ["a", None], id="text"),
        pytest.param(pd.Series(["a", None], dtype="str"), ["a", None], id="pandas-text"),
        pytest.param([7, 9], ["7", "9"], id="integers"),
        pytest.param([7.0, np.nan], ["7", None], id="integers-beside-missing"),
        pytest.param([1.5], ["1.5"], id="fraction"),
        pytest.param([True, None], ["True", None], id="booleans"),
        pytest.param([], [], id="no-rows"),
    ],
)
def test_categories_become_text_or_none(values: object, expected: list[str | None]) -> None:
    prepared = prepare(pd.DataFrame({"kind": values}), Features(categorical=["kind"]))["kind"]
    assert prepared.dtype == object
    assert prepared.tolist() == expected


def test_features_come_in_the_order_of_the_spec_and_others_are_dropped(rows: pd.DataFrame) -> None:
    assert list(prepare(rows, FEATURES).columns) == ["size", "kind"]


def test_preparing_does_not_change_the_rows(rows: pd.DataFrame) -> None:
    before = rows.copy()
    prepare(rows, FEATURES)
    pd.testing.assert_frame_equal(rows, before)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_missing_and_unseen_values_are_scored(estimator: str, rows: pd.DataFrame, labels: np.ndarray) -> None:
    odd = pd.DataFrame({"size": [None, 1.0, None], "kind": ["never seen", None, None]})
    scores = score(fitted(estimator, rows, labels), odd, FEATURES)
    assert scores.dtype == np.float64
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fitting_twice_gives_the_same_scores(estimator: str, rows: pd.DataFrame, labels: np.ndarray) -> None:
    first, second = (score(fitted(estimator, rows, labels), rows, FEATURES) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_more_categories_than_the_estimator_takes_are_grouped() -> None:
    many = pd.DataFrame({"kind": [f"k{i % 600}" for i in range(3000)]})
    features = Features(categorical=["kind"])
    spec = model_spec().model_copy(update={"features": features})
    pipeline = build_pipeline(spec).fit(prepare(many, features), np.arange(3000) % 2)
    assert len(score(pipeline, many, features)) == 3000


def test_the_scores_tell_the_classes_apart(rows: pd.DataFrame, labels: np.ndarray) -> None:
    scores = score(fitted("hist_gradient_boosting", rows, labels), rows, FEATURES)
    assert scores[labels == 1].mean() > scores[labels == 0].mean() + 0.5


def test_no_rows_give_no_scores(rows: pd.DataFrame, labels: np.ndarray) -> None:
    scores = score(fitted("hist_gradient_boosting", rows, labels), rows.head(0), FEATURES)
    assert (scores.shape, scores.dtype) == ((0,), np.float64)


def test_an_unknown_parameter_names_the_spec() -> None:
    with pytest.raises(SpecError, match=r"include/models/demo\.yaml: .*no_such"):
        build_pipeline(model_spec(params={"no_such": 1}))


def test_a_known_parameter_reaches_the_estimator() -> None:
    assert build_pipeline(model_spec(params={"max_iter": 3}))[-1].max_iter == 3
