"""A small installation: one dataset of customers, one model fitted on it, really registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa

from include.adapters import mlflow_documents, mlflow_models, mlflow_registry, mlflow_runs, warehouse
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.adapters.model_files import signature_of
from include.contracts import ChampionRef
from include.core.model_info import Holdout, ModelInfo
from include.core.pipeline import build_pipeline, score
from include.core.prepare import prepare
from include.core.reference_profile import build_reference_profile
from include.settings import Settings
from include.specs import DatasetSpec, ModelSpec, Specs
from include.specs.task import METRICS, Task
from tests.support.partitions import commit_clean

DATASET = "customers"
THRESHOLD = 0.4
CLASSES = ["cold", "mild", "warm"]
COLUMNS = {
    "customer_id": "integer",
    "seen_at": "timestamp",
    "due": "date",
    "visits": "integer",
    "spend": "number",
    "country": "string",
}


def customers(ds: date, rows: int, *, portugal: float = 0.5) -> pa.Table:
    """Seeded by the day, so that a day always has the same customers."""
    rng = np.random.default_rng(ds.toordinal())
    rest = (1 - portugal) / 2
    spend = np.round(rng.gamma(2, 50, rows), 2)
    return pa.table(
        {
            "customer_id": pa.array(rng.permutation(rows) + 1, pa.int64()),
            "seen_at": pa.array([datetime(ds.year, ds.month, ds.day, 12, tzinfo=UTC)] * rows),
            "due": pa.array([ds] * rows, pa.date32()),
            "visits": pa.array(rng.poisson(3, rows), pa.int64(), mask=rng.random(rows) < 0.05),
            "spend": pa.array(spend, pa.float64()),
            "country": pa.array(rng.choice(["PRT", "GBR", "FRA"], rows, p=[portugal, rest, rest])),
        }
    )


def churned(frame: pd.DataFrame) -> np.ndarray:
    """An outcome a small model can learn."""
    return ((frame["spend"] < 80) & (frame["country"] == "PRT")).to_numpy().astype(np.int64)


def warmth(frame: pd.DataFrame) -> np.ndarray:
    """Codes into `CLASSES` that a small model can learn."""
    return np.digitize(frame["spend"], [70, 120]).astype(np.int64)


def outcomes(frame: pd.DataFrame, task: Task) -> np.ndarray:
    """What a model of the task learns of these customers."""
    if task is Task.REGRESSION:
        return (frame["spend"] * 10 - 500).to_numpy(np.float64)
    return churned(frame) if task is Task.BINARY_CLASSIFICATION else warmth(frame)


def model_document(name: str, task: Task = Task.BINARY_CLASSIFICATION) -> dict[str, object]:
    metric = str(METRICS[task][0])
    return {
        "model": name,
        "owner": "tests",
        "description": "Will this customer leave?",
        "task": str(task),
        "dataset": DATASET,
        "label": {"dataset": DATASET, "column": "visits", "mature_at": "due", "grace": "1d"},
        "features": {"numeric": ["visits", "spend"], "categorical": ["country"]},
        "training": {
            "window": "30d",
            "validation": "7d",
            "holdout": "7d",
            "estimator": "hist_gradient_boosting",
            "params": {"max_iter": 20},
            "seed": 7,
        },
        "gates": {
            "absolute": {metric: 0.5},
            "versus_champion": {"metric": metric, "margin": 0.01, "confidence": 0.95},
        },
        "predict": {"schedule": "30 2 * * *"},
        "drift": {
            "schedule": "0 6 * * 1",
            "reference": "28d",
            "false_alarm_rate": 0.05,
            "minimum_effect": 0.1,
        },
        "retrain": {"on": ["drift"]},
    }


def churn_specs(model: str, task: Task = Task.BINARY_CLASSIFICATION) -> Specs:
    dataset = DatasetSpec.model_validate(
        {
            "dataset": DATASET,
            "owner": "tests",
            "description": "Customers by the day they were seen.",
            "source": {"kind": "sql", "connection": "shop", "table": "customers"},
            "key": ["customer_id"],
            "event_time": "seen_at",
            "start": date(2017, 1, 1),
            "schedule": "0 2 * * *",
            "columns": COLUMNS,
            "contract": [
                {
                    "expect": "column_values_to_not_be_null",
                    "column": "customer_id",
                    "severity": "block",
                }
            ],
            "budgets": {"quarantine_share": 0.1, "min_rows": 0},
        }
    )
    spec = ModelSpec.model_validate(model_document(model, task))
    return Specs(datasets={DATASET: dataset}, models={model: spec})


@dataclass(frozen=True)
class Churn:
    """The installation's settings and its model, whose name is the test's own."""

    settings: Settings
    model: str = field(default_factory=lambda: f"churn_{uuid4().hex[:12]}")
    task: Task = Task.BINARY_CLASSIFICATION

    @property
    def specs(self) -> Specs:
        return churn_specs(self.model, self.task)

    @property
    def spec(self) -> ModelSpec:
        return self.specs.model(self.model)

    def write_partition(self, ds: date, rows: int = 200, *, portugal: float = 0.5) -> CleanManifest:
        """Commit a day of customers as a clean partition."""
        lake = Lake(self.settings.lake_root)
        table = customers(ds, rows, portugal=portugal)
        raw = lake.commit_raw(DATASET, ds, table, COLUMNS, {"table": "customers"})
        return commit_clean(lake, raw, table)

    def register(self, seed: int = 0) -> ChampionRef:
        """Fit and register a version; another seed gives another model."""
        frame = customers(date(2016, 1, 1 + seed), 4000).to_pandas()
        features = self.spec.features
        pipeline = build_pipeline(self.spec).fit(prepare(frame, features), outcomes(frame, self.task))
        run_id = mlflow_runs.start_run(self.settings, self.model, f"key {seed}", f"churn {seed}", {})
        info = ModelInfo(
            model=self.model,
            entity_key=["customer_id"],
            task=self.task,
            features=features,
            classes=CLASSES if self.task is Task.MULTICLASS_CLASSIFICATION else [],
            threshold=THRESHOLD if self.task is Task.BINARY_CLASSIFICATION else None,
            holdout=Holdout(first=date(2016, 12, 25), last=date(2016, 12, 31)),
        ).to_json()
        profile = build_reference_profile(frame, features, frame["seen_at"]).to_json()
        mlflow_runs.log_document(self.settings, run_id, mlflow_documents.MODEL_INFO, info)
        mlflow_runs.log_document(self.settings, run_id, mlflow_documents.REFERENCE_PROFILE, profile)
        scores = score(pipeline, frame.head(), features, self.task)
        signature = signature_of(prepare(frame.head(), features), scores)
        uploaded = mlflow_models.upload_model(self.settings, self.model, run_id, pipeline, signature)
        version = mlflow_registry.register_version(self.settings, self.model, run_id, uploaded, {})
        mlflow_runs.finish_run(self.settings, run_id)
        return ChampionRef(
            model=self.model,
            version=version.version,
            run_id=run_id,
            effective_from=date(2017, 1, 1),
            artifact_sha256=version.artifact_sha256,
            snapshot_tag=f"{self.model}/2016-12-31-{seed:08}",
            snapshot_hash=f"{seed:064}",
        )

    def promote(self, champion: ChampionRef) -> ChampionRef:
        """Record a version as champion from its `effective_from` on."""
        with warehouse.transaction(self.settings) as conn:
            warehouse.record_promotion(conn, **champion.model_dump(), reasons=["first of its kind"])
        return champion


def settings_document(settings: Settings) -> Mapping[str, object]:
    """Settings as JSON for another process of the same test, passwords included."""
    return settings.model_dump(mode="json", exclude={"warehouse_url", "connections"}) | {
        "warehouse_url": settings.warehouse()
    }
