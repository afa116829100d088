"""`python -m include.ledger verify` and `python -m include.ledger who <model> <day>`.

Asks the installation that the environment names (PERENNIAL_* and AIRFLOW_CONN_PERENNIAL_WAREHOUSE, as in
containers), or else the local stack, whose database and MLflow are started for it where they do not run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import URL

from include.errors import PerennialError, SettingsError
from include.local.stack import LocalStack
from include.local.state_folders import last_state
from include.settings import PREFIX, Settings
from include.specs import load_specs
from include.steps import verify_ledger, who_served

PROJECT_ROOT = Path(__file__).resolve().parents[1]
_WAREHOUSE = "AIRFLOW_CONN_PERENNIAL_WAREHOUSE"


def main() -> int:
    """Parse the command line, print the answer, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m include.ledger", description=__doc__)
    parser.add_argument("--state", type=Path, default=PROJECT_ROOT / ".perennial")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("verify", help="prove that nothing was altered")
    who = commands.add_parser("who", help="which version served a model on a day")
    who.add_argument("model")
    who.add_argument("day", type=date.fromisoformat)
    arguments = parser.parse_args()
    try:
        with _installation(arguments.state.resolve(), os.environ) as settings:
            if arguments.command == "verify":
                answer = _verified(settings)
            else:
                answer = who_served.run(settings, arguments.model, arguments.day)
    except PerennialError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0


def _verified(settings: Settings) -> str:
    check = verify_ledger.run(settings, load_specs(settings.specs_root).models)
    entries = f"{check.entries} entr{'y' if check.entries == 1 else 'ies'}"
    return f"The ledger verifies: {entries}, the last one has SHA-256 {check.sha256}"


@contextmanager
def _installation(base: Path, environ: Mapping[str, str]) -> Iterator[Settings]:
    if PREFIX + "MLFLOW_TRACKING_URI" in environ:
        yield _settings(environ)
        return
    state = last_state(base)
    if not state.exists():
        raise SettingsError(
            "there is nothing to ask yet", where=str(state), next_step="run `make demo` or `make up` first"
        )
    stack = LocalStack(PROJECT_ROOT, state)
    if all(stack.status().values()):
        yield _settings(stack.env())
        return
    with stack:
        stack.start_stores()
        yield _settings(stack.env())


def _settings(environ: Mapping[str, str]) -> Settings:
    given = environ.get(_WAREHOUSE)
    return Settings.from_mapping(environ, warehouse_url=None if given is None else _address(given))


def _address(connection: str) -> str:
    """Return the SQLAlchemy address of a connection that Airflow takes, an address or JSON."""
    if not connection.startswith("{"):
        return f"postgresql+psycopg://{connection.partition('://')[2]}"
    given = json.loads(connection)
    url = URL.create(
        "postgresql+psycopg", given.get("login"), given.get("password"), given.get("host"),
        given.get("port"), given.get("schema"),
    )  # fmt: skip
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    sys.exit(main())
