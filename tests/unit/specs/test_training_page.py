"""The examples of docs/training.md are what the specs and the pipeline take."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml

from include.core.estimators import build_estimator
from include.core.fitting import fit_pipeline
from include.core.pipeline import score
from include.core.prepare import prepare
from include.specs.task import METRICS, Task
from include.specs.training import Calibration, Estimator, Threshold, Training
from tests.support.model_specs import task_spec

PAGE = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")


def test_the_first_example_is_a_training() -> None:
    document = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    training = Training.model_validate(document["training"])
    spec = task_spec(Task(document["task"]), **document["training"])
    assert build_estimator(spec).get_params()["max_depth"] == training.params["max_depth"]


def test_every_estimator_calibration_and_metric_is_on_the_page() -> None:
    for name in [*Estimator, *(one for one in Calibration if one is not Calibration.NONE)]:
        assert f"`{name}`" in PAGE or f"calibration: {name}" in PAGE
    rows = {
        line.split("|")[1].strip(): line for line in PAGE.splitlines() if re.search(r"_loss|_error", line)
    }
    for task, metrics in METRICS.items():
        named = re.findall(r"`(\w+)`", rows[str(task).split("_")[0]])
        assert sorted(named) == sorted(metrics)


def test_every_rule_for_a_threshold_is_one() -> None:
    rules = [yaml.safe_load(found) for found in re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)]
    assert {next(iter(rule)) for rule in rules} == set(Threshold.model_fields)
    for rule in rules:
        Threshold.model_validate(rule)


def test_the_estimator_of_ones_own_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("my_models.quantiles")
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], module.__dict__)  # noqa: S102 - our own page
    monkeypatch.setitem(sys.modules, "my_models", ModuleType("my_models"))
    monkeypatch.setitem(sys.modules, "my_models.quantiles", module)
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"size": generator.normal(size=300), "kind": generator.choice(["a", "b"], 300)})
    frame.loc[3, "size"] = None
    labels = generator.normal(size=300)
    spec = task_spec(Task.REGRESSION, estimator="my_models.quantiles:build", params={"alpha": 0.1})
    pipeline = fit_pipeline(spec, prepare(frame, spec.features), labels)
    below = labels < score(pipeline, frame, spec.features, Task.REGRESSION)
    assert 0.05 < below.mean() < 0.2
