"""A small model spec for tests of the core."""

from __future__ import annotations

from typing import Any

from include.specs.model import ModelSpec
from include.specs.task import Task

BASE: dict[str, Any] = {
    "model": "demo",
    "owner": "team",
    "description": "A demo.",
    "task": "binary_classification",
    "dataset": "events",
    "label": {
        "dataset": "outcomes",
        "column": "happened",
        "mature_at": "due",
        "grace": "5d",
        "max_missing_share": 0.1,
    },
    "features": {"numeric": ["size"], "categorical": ["kind"]},
    "training": {
        "window": "100d",
        "validation": "10d",
        "holdout": "10d",
        "min_rows": 10,
        "estimator": "hist_gradient_boosting",
        "params": {"max_iter": 20},
        "seed": 7,
    },
    "gates": {
        "absolute": {"roc_auc_score": 0.7},
        "versus_champion": {"metric": "roc_auc_score", "margin": 0.01, "confidence": 0.95},
    },
    "predict": {"schedule": "0 2 * * *"},
    "drift": {
        "schedule": "0 6 * * 1",
        "reference": "14d",
        "false_alarm_rate": 0.05,
        "minimum_effect": 0.1,
    },
    "retrain": {"on": []},
}


def model_spec(**training: Any) -> ModelSpec:
    """Return the spec, with other values in `training`."""
    merged = {**BASE["training"], **training}
    if "estimator" in training and "params" not in training:
        del merged["params"]
    return ModelSpec.model_validate({**BASE, "training": merged})


_GATES: dict[Task, dict[str, Any]] = {
    Task.BINARY_CLASSIFICATION: BASE["gates"],
    Task.MULTICLASS_CLASSIFICATION: {
        "absolute": {"accuracy_score": 0.5},
        "versus_champion": {"metric": "log_loss", "margin": 0.02},
    },
    Task.REGRESSION: {
        "absolute": {"r2_score": 0.3},
        "versus_champion": {"metric": "mean_absolute_error", "margin": 0.05},
    },
}


def task_spec(task: Task, *, label: dict[str, Any] | None = None, **training: Any) -> ModelSpec:
    """Return the spec for a task, with other values in `label` and `training`."""
    return ModelSpec.model_validate(
        {
            **BASE,
            "task": str(task),
            "label": {**BASE["label"], **(label or {})},
            "gates": _GATES[task],
            "training": {**BASE["training"], "params": {}, **training},
        }
    )
