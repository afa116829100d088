from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from include.core.metrics import measure
from include.core.pipeline import score
from include.core.training import fit_model
from include.core.training_set import RowCounts, TrainingSet
from include.errors import TrainingDataError
from tests.support.model_specs import model_spec

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
