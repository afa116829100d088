from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include.local.airflow_environment import Addresses, build_environment
from include.local.secret_file import SecretFile
from include.settings import Settings

ADDRESSES = Addresses(
    airflow_database="postgresql+psycopg://airflow:a@127.0.0.1:5000/airflow",
    warehouse="postgresql+psycopg://warehouse:w%2Fw@127.0.0.1:5000/warehouse",
    source="postgresql+psycopg://source:s@127.0.0.1:5000/source",
    mlflow="http://127.0.0.1:5001",
    airflow="http://127.0.0.1:5002",
)
INHERITED = {"PATH": "/usr/bin", "AIRFLOW_HOME": "/elsewhere", "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    secrets = SecretFile(tmp_path / "secrets.json")
    return build_environment(Path("/checkout"), tmp_path, ADDRESSES, secrets, INHERITED)


def test_nothing_of_another_airflow_is_inherited(env: dict[str, str], tmp_path: Path) -> None:
    assert env["AIRFLOW_HOME"] == str(tmp_path / "airflow")
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"


def test_connections_carry_the_plain_password(env: dict[str, str]) -> None:
    connection = json.loads(env["AIRFLOW_CONN_PERENNIAL_WAREHOUSE"])
    assert (connection["login"], connection["password"]) == ("warehouse", "w/w")
    assert (connection["host"], connection["port"]) == ("127.0.0.1", 5000)
    assert connection["schema"] == "warehouse"


def test_settings_can_be_built_from_it(env: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.from_mapping(env)
    assert settings.lake_root == tmp_path / "lake"
    assert settings.mlflow_tracking_uri == ADDRESSES.mlflow


def test_fernet_key_is_one(env: dict[str, str]) -> None:
    key = Fernet(env["AIRFLOW__CORE__FERNET_KEY"])
    assert key.decrypt(key.encrypt(b"text")) == b"text"


def test_api_listens_where_tasks_look_for_it(env: dict[str, str]) -> None:
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__API__PORT"] == "5002"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:5002/execution/"
