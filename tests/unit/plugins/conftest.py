"""A run's context as Airflow gives it, in the few parts our operators read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType

PROJECT_ROOT = Path(__file__).resolve().parents[3]

Context = dict[str, Any]


@pytest.fixture(autouse=True)
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation in the environment, with both connections defined there."""
    values = {
        "PERENNIAL_LAKE_ROOT": tmp_path / "lake",
        "PERENNIAL_REPORTS_ROOT": tmp_path / "reports",
        "PERENNIAL_WORK_ROOT": tmp_path / "work",
        "PERENNIAL_SNAPSHOT_REGISTRY": tmp_path / "registry.git",
        "PERENNIAL_MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
        "AIRFLOW_HOME": tmp_path,
        "AIRFLOW_CONN_HOTEL_PMS": "postgres://reader:se%2Fcret@db.example:5433/hotel",
        "AIRFLOW_CONN_PERENNIAL_WAREHOUSE": "postgres://writer:hush@db.example:5432/warehouse",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return tmp_path


@pytest.fixture
def make_context() -> Callable[..., Context]:
    """Build a context; `params` and events as given."""

    def make(
        run_type: str = "scheduled",
        params: dict[str, Any] | None = None,
        events: dict[Any, list[dict[str, Any]]] | None = None,
        interval_start: datetime | None = datetime(2017, 5, 1, tzinfo=UTC),
        user: str | None = None,
    ) -> Context:
        triggering = {
            asset: [SimpleNamespace(extra=extra) for extra in extras]
            for asset, extras in (events or {}).items()
        }
        return {
            "dag_run": SimpleNamespace(
                run_type=DagRunType(run_type), dag_id="d__s", run_id="r", triggering_user_name=user
            ),
            "params": params or {},
            "run_id": "r",
            "data_interval_start": interval_start,
            "triggering_asset_events": triggering,
            "outlet_events": defaultdict(lambda: SimpleNamespace(extra=None)),
        }

    return make
