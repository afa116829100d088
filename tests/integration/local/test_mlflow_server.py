from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.integration


def test_server_creates_and_finds_an_experiment(mlflow_uri: str) -> None:
    api = f"{mlflow_uri}/api/2.0/mlflow/experiments"
    created = httpx.post(f"{api}/create", json={"name": "started"}).json()["experiment_id"]

    found = httpx.get(f"{api}/get-by-name", params={"experiment_name": "started"}).json()

    assert found["experiment"]["experiment_id"] == created
