from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from include.errors import IntegrityError
from include.specs import load_specs
from include.specs.model import ModelSpec
from include.specs.recorded import read_specs, record_specs
from tests.support.model_specs import BASE
from tests.support.shop import shop_specs

ROOT = Path(__file__).parents[3] / "include"


def test_the_shipped_specs_come_back_as_they_were() -> None:
    specs = load_specs(ROOT)
    for name, spec in specs.models.items():
        found = read_specs(json.loads(json.dumps(record_specs(specs, name))), "here")
        assert found.models == {name: spec}
        assert found.datasets == {dataset: specs.dataset(dataset) for dataset in spec.datasets}


def test_all_that_training_knows_comes_back() -> None:
    training = {
        **BASE["training"],
        "search": {
            "trials": 4,
            "budget": "90s",
            "space": {
                "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
                "max_depth": {"choices": [3, 6]},
            },
        },
        "calibration": "isotonic",
        "threshold": {"costs": {"false_positive": 1, "false_negative": 5}},
    }
    specs = shop_specs("demo", training=training)
    assert read_specs(json.loads(json.dumps(record_specs(specs, "demo"))), "here").models == specs.models


def test_what_is_no_spec_is_refused_with_its_fields() -> None:
    document = record_specs(shop_specs("demo"), "demo")
    document["model"]["task"] = "prophecy"
    with pytest.raises(IntegrityError, match=r"version 3: .*task: .*code_commit"):
        read_specs(document, "version 3")
    with pytest.raises(IntegrityError, match="'model' is missing"):
        read_specs({}, "version 3")


def test_a_person_still_writes_days_with_their_unit() -> None:
    with pytest.raises(ValidationError, match="such as 28d"):
        ModelSpec.model_validate({**BASE, "training": {**BASE["training"], "window": 100}})
