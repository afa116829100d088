"""The environment in which one machine's Airflow and its tasks run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from include.local import mlflow_server
from include.local.ports import LOOPBACK
from include.local.secret_file import SecretFile
from include.local.web_accounts import WebAccounts


@dataclass(frozen=True)
class Addresses:
    """Where the stack's servers are, as SQLAlchemy or HTTP addresses."""

    airflow_database: str
    warehouse: str
    source: str
    mlflow: str
    airflow: str


def build_environment(
    root: Path, state: Path, addresses: Addresses, secrets: SecretFile, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return all variables for Airflow's processes.

    Parameters
    ----------
    root
        The checkout: its `dags/` and `plugins/` are served.
    state
        The state folder.
    inherited
        The launcher's own environment; what it says about another Airflow is left out.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AIRFLOW")}
    return {
        **kept,
        **_airflow(root, state, addresses, secrets),
        **_connections(addresses),
        **_perennial(root, state, addresses),
        **_quiet(state),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PYTHONPATH": str(root),
    }


def password_file(state: Path) -> Path:
    """Where the web UI's passwords lie."""
    return state / "airflow" / "passwords.json"


def _airflow(root: Path, state: Path, addresses: Addresses, secrets: SecretFile) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(state / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__FERNET_KEY": secrets.fernet_key("airflow.fernet_key"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": WebAccounts(state, secrets).setting(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(state)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{addresses.airflow}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": addresses.airflow_database,
        # Unset, Airflow derives an address for asyncpg; psycopg speaks both ways.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": addresses.airflow_database,
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(urlsplit(addresses.airflow).port),
        "AIRFLOW__API__BASE_URL": addresses.airflow,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.password("airflow.secret_key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.password("airflow.jwt_secret"),
        # The defaults favour large installations: a task would wait about a second for its turn.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _connections(addresses: Addresses) -> dict[str, str]:
    return {
        "AIRFLOW_CONN_HOTEL_PMS": _connection(addresses.source),
        "AIRFLOW_CONN_PERENNIAL_WAREHOUSE": _connection(addresses.warehouse),
    }


def _connection(address: str) -> str:
    parts = urlsplit(address)
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": parts.hostname,
            "port": parts.port,
            "login": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "schema": parts.path.lstrip("/"),
        }
    )


def _perennial(root: Path, state: Path, addresses: Addresses) -> dict[str, str]:
    return {
        "PERENNIAL_LAKE_ROOT": str(state / "lake"),
        "PERENNIAL_REPORTS_ROOT": str(state / "reports"),
        "PERENNIAL_WORK_ROOT": str(state / "work"),
        "PERENNIAL_SNAPSHOT_REGISTRY": str(state / "registry.git"),
        "PERENNIAL_MLFLOW_TRACKING_URI": addresses.mlflow,
        "PERENNIAL_SPECS_ROOT": str(root / "include"),
    }


def _quiet(state: Path) -> dict[str, str]:
    """Nothing reports home, nothing writes into the user's own folders, no proxy sees loopback."""
    quiet = {
        **mlflow_server.ENVIRONMENT,
        "DVC_NO_ANALYTICS": "1",
        "GX_ANALYTICS_ENABLED": "False",
        "NO_PROXY": f"{LOOPBACK},localhost",
        "no_proxy": f"{LOOPBACK},localhost",
    }
    for name in ("SITE_CACHE_DIR", "GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR"):
        quiet[f"DVC_{name}"] = str(state / "work" / "dvc" / name.lower())
    return quiet
