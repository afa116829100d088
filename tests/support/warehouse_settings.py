"""Fixtures: settings that reach a fresh database and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from include.adapters import warehouse
from include.settings import Settings


@pytest.fixture
def bare_settings(database_url: str, tmp_path: Path) -> Settings:
    """A warehouse that was never migrated."""
    return Settings(
        lake_root=tmp_path / "lake",
        reports_root=tmp_path / "reports",
        snapshot_registry=str(tmp_path / "registry.git"),
        mlflow_tracking_uri="http://127.0.0.1:1",
        work_root=tmp_path / "work",
        specs_root=Path("include"),
        warehouse_url=SecretStr(database_url),
    )


@pytest.fixture
def warehouse_settings(bare_settings: Settings) -> Settings:
    """A warehouse with all its tables."""
    warehouse.migrate(bare_settings.warehouse())
    return bare_settings
