from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from include.core.pipeline import build_pipeline, score
from include.core.prepare import prepare
from include.errors import DataError, SpecError
from include.specs.model import Features
from tests.support.model_specs import model_spec

ESTIMATORS = ["hist_gradient_boosting", "linear"]
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


@pytest.mark.parametrize("params", [{"max_iter": -1}, {"learning_rate": "fast"}], ids=str)
def test_a_value_the_estimator_refuses_is_a_fault_of_the_spec(params: dict[str, object]) -> None:
    with pytest.raises(SpecError, match=rf"include/models/demo.yaml: .*{next(iter(params))}"):
        build_pipeline(model_spec(params=params))


def test_a_number_that_became_text_is_named(rows: pd.DataFrame) -> None:
    rows["size"] = rows["size"].astype("str")
    with pytest.raises(DataError, match=r"feature 'size' holds text such as '-?0\.\d+'"):
        prepare(rows, FEATURES)


def test_infinity_is_scored_where_there_is_room_and_named_where_not(
    rows: pd.DataFrame, labels: np.ndarray
) -> None:
    trees, linear = (fitted(estimator, rows, labels) for estimator in ESTIMATORS)
    rows.loc[3, "size"] = -np.inf
    assert np.isfinite(score(trees, rows, FEATURES)).all()
    with pytest.raises(DataError, match="feature size holds infinity, which LogisticRegression"):
        score(linear, rows, FEATURES)
