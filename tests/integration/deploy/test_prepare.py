"""What the containers' first start does, on a real PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from include.local.ports import LOOPBACK
from include.local.postgres import LocalPostgres
from include.local.postgres_binaries import find_binaries
from include.local.processes import Processes
from include.local.secret_file import SecretFile

ROOT = Path(__file__).parents[3]
DATABASES = ("airflow", "mlflow", "warehouse")
PASSWORDS = {f"{name.upper()}_DB_PASSWORD": f"secret'of-{name}" for name in DATABASES}

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Server:
    port: int
    superuser_password: str


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An empty server of the module's own: the script makes roles that others have too."""
    state = Path(tempfile.mkdtemp(prefix="perennial-deploy-"))
    state.chmod(0o755)
    processes = Processes(state)
    secrets = SecretFile(state / "secrets.json")
    postgres = LocalPostgres(processes, secrets)
    postgres.start()
    yield Server(postgres.port, secrets.password("postgres"))
    postgres.stop()
    shutil.rmtree(state)


@pytest.fixture(scope="module")
def databases(server: Server) -> Server:
    done = run_script(server, PASSWORDS)
    assert done.returncode == 0, done.stderr
    return server


def run_script(server: Server, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script as PostgreSQL's image does."""
    psql = [str(find_binaries() / "psql"), "-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc"]
    where = {"PGHOST": LOOPBACK, "PGPORT": str(server.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
    return subprocess.run(
        [*psql, "-f", str(ROOT / "deploy/databases.sql")],
        env={"PATH": os.defpath, "PGPASSWORD": server.superuser_password, **where, **passwords},
        check=False,
        capture_output=True,
        text=True,
    )


def connect(server: Server, role: str, database: str, password: str) -> psycopg.Connection:
    return psycopg.connect(host=LOOPBACK, port=server.port, user=role, password=password, dbname=database)


def test_a_missing_password_stops_the_script_before_anything_is_made(server: Server) -> None:
    done = run_script(server, {})
    assert done.returncode != 0
    with connect(server, "postgres", "postgres", server.superuser_password) as connection:
        assert not connection.execute("SELECT FROM pg_roles WHERE rolname = 'airflow'").fetchall()


@pytest.mark.parametrize("name", DATABASES)
def test_each_role_owns_its_database_and_enters_no_other(databases: Server, name: str) -> None:
    password = PASSWORDS[f"{name.upper()}_DB_PASSWORD"]
    with connect(databases, name, name, password) as connection:
        connection.execute("CREATE SCHEMA own")
    for other in {*DATABASES} - {name}:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            connect(databases, name, other, password)


def test_prepare_can_be_repeated(databases: Server, tmp_path: Path) -> None:
    environ = services_environment(databases, tmp_path)
    first = prepare(environ)
    registry = tmp_path / "registry" / "registry.git"
    head = (registry / "refs/heads/main").read_text()
    second = prepare({**environ, "PERENNIAL_ADMIN_PASSWORD": "new"})
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert (registry / "refs/heads/main").read_text() == head
    passwords = tmp_path / "airflow" / "passwords.json"
    assert json.loads(passwords.read_text()) == {"admin": "new"}
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    with connect(databases, "warehouse", "warehouse", PASSWORDS["WAREHOUSE_DB_PASSWORD"]) as connection:
        assert connection.execute("SELECT count(*) FROM perennial.current_prediction").fetchone() == (0,)


def services_environment(server: Server, folder: Path) -> dict[str, str]:
    warehouse = {
        "conn_type": "postgres",
        "host": LOOPBACK,
        "port": server.port,
        "login": "warehouse",
        "password": PASSWORDS["WAREHOUSE_DB_PASSWORD"],
        "schema": "warehouse",
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}",
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "airflow" / "passwords.json"),
        "AIRFLOW_CONN_PERENNIAL_WAREHOUSE": json.dumps(warehouse),
        "PERENNIAL_LAKE_ROOT": str(folder / "lake"),
        "PERENNIAL_REPORTS_ROOT": str(folder / "reports"),
        "PERENNIAL_WORK_ROOT": str(folder / "work"),
        "PERENNIAL_SNAPSHOT_REGISTRY": str(folder / "registry" / "registry.git"),
        "PERENNIAL_MLFLOW_TRACKING_URI": "http://mlflow:5000",
        "PERENNIAL_DVC_REMOTE": str(folder / "dvc-remote"),
        "PERENNIAL_ADMIN_PASSWORD": "old",
    }


def prepare(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.prepare"]
    return subprocess.run(command, env=environ, cwd=ROOT, check=False, capture_output=True, text=True)
