"""What an operator asks of its surroundings: settings, specs, and which partition its run works for."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from include.errors import FatalError, SettingsError
from include.settings import PREFIX, Settings
from include.specs import Specs, load_specs

if TYPE_CHECKING:
    from airflow.sdk import Asset, Connection, Context

PROJECT_ROOT = Path(__file__).resolve().parents[2]
WAREHOUSE = "perennial_warehouse"

# What a connection's type means to SQLAlchemy; other types are passed on as they are.
_DIALECTS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def specs_root() -> Path:
    """Return the folder that holds `datasets/` and `models/`."""
    return Path(os.environ.get(PREFIX + "SPECS_ROOT", PROJECT_ROOT / "include"))


def reports_root() -> Path:
    """Return the folder of result pages."""
    return settings(()).reports_root


def specs() -> Specs:
    """Read all specs afresh."""
    return load_specs(specs_root())


def settings(connections: Iterable[str]) -> Settings:
    """Build the settings with the addresses of the named Airflow connections, and no others.

    Raises
    ------
    SettingsError
        When a setting or connection is missing.
    """
    addresses = {name: _address(name) for name in connections}
    return Settings.from_mapping(
        {PREFIX + "SPECS_ROOT": str(specs_root()), **os.environ},
        warehouse_url=addresses.pop(WAREHOUSE, None),
        connections=addresses,
    )


def _address(name: str) -> str:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    try:
        return sqlalchemy_address(Connection.get(name))
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise SettingsError(
            f"connection {name!r} is not defined",
            where="Airflow connections",
            next_step=f"define it under Admin > Connections or as AIRFLOW_CONN_{name.upper()}",
        ) from None


def sqlalchemy_address(connection: Connection) -> str:
    """Return an Airflow connection as a SQLAlchemy address, password included."""
    kind = connection.conn_type or ""
    dialect = _DIALECTS.get(kind, kind)
    login = quote(connection.login or "", safe="")
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    port = f":{connection.port}" if connection.port else ""
    host = f"{login}{password}@{connection.host}{port}" if connection.host else ""
    return f"{dialect}://{host}/{connection.schema or ''}"


def partition_day(context: Context) -> date:
    """Return the UTC day a run of a daily or weekly DAG works for.

    Scheduled and backfill runs take the start of their data interval. A run triggered by hand must
    name its day: the interval Airflow derives for it depends on the moment of the click.

    Raises
    ------
    FatalError
        When a manual run names no day or a wrong one, or a backfill names one beside its range.
    """
    run = context["dag_run"]
    named = context["params"].get("partition")
    if run.run_type == "manual":
        if not named:
            raise FatalError(
                "a manual run must name its partition",
                where=f"{run.dag_id}, parameter `partition`",
                next_step='trigger again with {"partition": "YYYY-MM-DD"}, or make a backfill for a range',
            )
        return parse_day(named, f"{run.dag_id}, parameter `partition`")
    if named:
        raise FatalError(
            f"parameter `partition` is {named!r}, but this run takes its partition from its data interval",
            where=f"{run.dag_id}, run {run.run_id}",
            next_step="leave the parameter empty for backfills; their range names the partitions",
        )
    start = context["data_interval_start"]
    if start is None:
        raise FatalError(
            "this run has no data interval, so no partition",
            where=f"{run.dag_id}, run {run.run_id}",
            next_step='trigger by hand with {"partition": "YYYY-MM-DD"}, or make a backfill',
        )
    return date(start.year, start.month, start.day)


def parse_day(named: object, where: str) -> date:
    """Read a day that a person or a program wrote.

    Raises
    ------
    FatalError
        When it is not a day of the calendar, written YYYY-MM-DD.
    """
    try:
        day = date.fromisoformat(str(named))
    except ValueError:
        day = None
    if day is None or day.isoformat() != named:  # Python takes other spellings, such as 2017-W18-3
        raise FatalError(f"{named!r} is not a day", where=where, next_step='write it as "YYYY-MM-DD"')
    return day


def is_backfill(context: Context) -> bool:
    """Tell whether the run belongs to a backfill, which must not promote, retrain or page."""
    return str(context["dag_run"].run_type) == "backfill"


def newest_event(context: Context, asset: Asset) -> dict[str, Any] | None:
    """Return the `extra` of the newest event of `asset` that started this run; None without one."""
    events = context["triggering_asset_events"]
    found = events.get(asset, [])
    return dict(found[-1].extra) if found else None


@cache
def lock_sha256() -> str:
    """Return the hash of the lock file this installation was made from."""
    return hashlib.sha256((PROJECT_ROOT / "requirements.txt").read_bytes()).hexdigest()


@cache
def code_commit() -> str:
    """Return the commit of the running code, `-dirty` appended where files differ from it.

    An image without a repository names its commit in `PERENNIAL_CODE_COMMIT`.

    Raises
    ------
    SettingsError
        When neither the repository nor the variable is there.
    """
    given = os.environ.get(PREFIX + "CODE_COMMIT")
    if given:
        return given
    try:
        head = _git("rev-parse", "HEAD").strip()
        return head + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no").strip() else "")
    except (OSError, subprocess.CalledProcessError) as error:
        raise SettingsError(
            f"the commit of the running code cannot be read from git ({error})",
            where=str(PROJECT_ROOT),
            next_step=f"set {PREFIX}CODE_COMMIT, so that every model version names the code that made it",
        ) from error


def _git(*arguments: str) -> str:
    # The checkout may belong to another account than the worker's: reading it is harmless.
    command = ["git", "-c", f"safe.directory={PROJECT_ROOT}", "-C", str(PROJECT_ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def report_url(report: str) -> str:
    """Return the address of a result page inside the Airflow web UI."""
    from airflow.sdk.configuration import conf

    prefix = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{prefix}/perennial/reports/{quote(report)}"


def mlflow_url(run_id: str) -> str:
    """Return the address of a run in the MLflow web UI."""
    public = os.environ.get(PREFIX + "MLFLOW_PUBLIC_URL") or settings(()).mlflow_tracking_uri
    # MLflow finds the run by its id alone and puts the right experiment into the address itself.
    return f"{public.rstrip('/')}/#/experiments/0/runs/{quote(run_id)}"
