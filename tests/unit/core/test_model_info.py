from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from include.core.model_info import Holdout, ModelInfo
from include.errors import IntegrityError
from include.specs.derived import Derived
from include.specs.model import Features
from include.specs.task import Task

HOLDOUT = Holdout(first=date(2024, 3, 1), last=date(2024, 3, 10))
FEATURES = Features(numeric=["size"], categorical=["kind"])


def test_what_is_written_is_read() -> None:
    derived = Derived.model_validate(
        {"name": "size", "from": "visits", "by": ["customer"], "window": "30d", "compute": "count"}
    )
    info = ModelInfo(
        model="demo",
        task=Task.MULTICLASS_CLASSIFICATION,
        entity_key=["id"],
        features=FEATURES,
        derived=[derived],
        classes=["bus", "car"],
        holdout=HOLDOUT,
        params={"max_iter": 3, "fast": True},
        spec={"model": "demo"},
    )
    stored = json.loads(json.dumps(info.to_json()))
    assert stored["derived"][0]["from"] == "visits"
    assert ModelInfo.read(stored) == info


def test_a_version_of_before_there_were_other_tasks_is_binary() -> None:
    old = {
        "model": "demo",
        "features": {"numeric": ["size"], "categorical": ["kind"]},
        "derived": [],
        "threshold": 0.4,
        "holdout": {"first": "2024-03-01", "last": "2024-03-10"},
        "rows": {"train": 10},
    }
    info = ModelInfo.read(old)
    assert (info.task, info.threshold, info.classes) == (Task.BINARY_CLASSIFICATION, 0.4, [])
    assert info.holdout.last - info.holdout.first == timedelta(days=9)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"threshold": None}, "threshold: None, for binary", id="no-threshold"),
        pytest.param({"threshold": float("nan")}, "threshold", id="not-a-number"),
        pytest.param({"task": "regression"}, r"threshold: 0\.4, for regression", id="needless-threshold"),
        pytest.param(
            {"task": "multiclass_classification", "threshold": None}, "classes: 0 of them", id="no-classes"
        ),
        pytest.param({"holdout": {"first": "2024-03-01"}}, r"holdout\.last", id="half-a-holdout"),
        pytest.param({"of_the_future": 1}, "of_the_future", id="unknown"),
    ],
)
def test_a_document_that_is_none_is_named(change: dict[str, Any], named: str) -> None:
    sound = ModelInfo(model="demo", features=FEATURES, threshold=0.4, holdout=HOLDOUT).to_json()
    with pytest.raises(IntegrityError, match=f"model demo, version 3: .*{named}"):
        ModelInfo.read(sound | change, "model demo, version 3")
