"""The specs that `bench.trainset` builds a training set for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from include.specs import DatasetSpec, ModelSpec, Specs

_COLUMNS = {
    "events": {
        "id": "integer", "at": "timestamp", "due": "date", "customer": "integer", "amount": "number",
        "items": "integer",
    },
    "outcomes": {"id": "integer", "at": "timestamp", "happened": "integer"},
}  # fmt: skip


def specs(aggregates: Mapping[str, tuple[str, str, str]]) -> Specs:
    """Return two datasets and a model with these aggregates: window, column and what is computed, by name."""
    return Specs(datasets={name: _dataset(name) for name in _COLUMNS}, models={"bench": _model(aggregates)})


def _dataset(name: str) -> DatasetSpec:
    return DatasetSpec.model_validate(
        {
            "dataset": name,
            "owner": "bench",
            "description": "Synthetic rows.",
            "source": {"kind": "sql", "connection": "bench", "table": name},
            "key": ["id"],
            "event_time": "at",
            "start": date(2024, 1, 1),
            "columns": _COLUMNS[name],
            "contract": [{"expect": "column_values_to_not_be_null", "column": "id", "severity": "block"}],
            "budgets": {"quarantine_share": 0.1},
        }
    )


def _model(aggregates: Mapping[str, tuple[str, str, str]]) -> ModelSpec:
    derived = [
        {
            "name": name,
            "from": "events",
            "by": ["customer"],
            "window": window,
            "compute": how,
            "column": column,
        }
        for name, (window, column, how) in aggregates.items()
    ]
    return ModelSpec.model_validate(
        {
            "model": "bench",
            "owner": "bench",
            "description": "Synthetic.",
            "task": "binary_classification",
            "dataset": "events",
            "label": {"dataset": "outcomes", "column": "happened", "mature_at": "due", "grace": "5d"},
            "derived": derived,
            "features": {"numeric": list(aggregates)},
            "training": {
                "window": "180d", "validation": "14d", "holdout": "14d",
                "estimator": "hist_gradient_boosting", "seed": 7,
            },
            "gates": {
                "absolute": {"roc_auc_score": 0.5},
                "versus_champion": {"metric": "roc_auc_score", "margin": 0.01, "confidence": 0.95},
            },
            "predict": {"schedule": "0 2 * * *"},
            "drift": {
                "schedule": "0 6 * * 1", "reference": "14d", "false_alarm_rate": 0.05, "minimum_effect": 0.1,
            },
            "retrain": {"on": []},
        }
    )  # fmt: skip
