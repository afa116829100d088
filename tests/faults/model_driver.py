"""Trains or promotes in a process of its own and kills it at a given moment.

Started by `tests.support.killing.start_driver`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mlflow import MlflowClient

from include.adapters import mlflow_models, mlflow_registry, mlflow_runs, warehouse
from include.adapters.warehouse import ledger
from include.contracts import EvaluationRef, SnapshotRef
from include.settings import Settings
from include.steps import promote_candidate, train_candidate
from tests.support.killing import die, then_die
from tests.support.shop import shop_specs

TRAIN = {
    "before the upload",
    "between upload and registration",
    "just after registration, under the lock",
    "before the run is finished",
}


def arm(moment: str) -> None:
    match moment:
        case "before the upload":
            mlflow_models.upload_model = die  # type: ignore[assignment]
        case "between upload and registration":
            mlflow_models.upload_model = then_die(mlflow_models.upload_model)
        case "just after registration, under the lock":
            mlflow_registry.register_version = then_die(mlflow_registry.register_version)
        case "before the run is finished":
            mlflow_runs.finish_run = die  # type: ignore[assignment]
        case "between ledger and promotion":
            ledger.append = then_die(ledger.append)
        case "before the commit":
            warehouse.record_promotion = then_die(warehouse.record_promotion)
        case "between commit and tags":
            mlflow_registry.tag_version = die  # type: ignore[assignment]
        case "between tags and aliases":
            mlflow_registry.point_aliases = die  # type: ignore[assignment]
        case "between the two aliases":
            MlflowClient.set_registered_model_alias = then_die(MlflowClient.set_registered_model_alias)
        case "just after the aliases":
            mlflow_registry.point_aliases = then_die(mlflow_registry.point_aliases)
        case _:
            raise ValueError(moment)


def main(moment: str) -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    settings, model = Settings.model_validate(given["settings"]), given["model"]
    arm(moment)
    if moment in TRAIN:
        snapshot = SnapshotRef.from_json(given["evidence"])
        train_candidate.run(settings, shop_specs(model), model, snapshot, "commit", "lock")
    else:
        promote_candidate.run(settings, shop_specs(model), model, EvaluationRef.from_json(given["evidence"]))


if __name__ == "__main__":
    main(sys.argv[1])
