"""Prepare what Airflow's own migration does not: `python -m deploy.prepare`, before the servers start.

Brings the warehouse's tables up to date, creates the data registry where there is none, and sets the
password of the web UI's account. Harmless to repeat.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from include.adapters import warehouse
from include.adapters.dvc_registry import create_registry
from include.local.secret_file import write_private
from perennial_airflow import runtime

logger = logging.getLogger(__name__)


def prepare(environ: Mapping[str, str]) -> None:
    """Prepare warehouse, registry and sign-in; the environment is that of Airflow's services.

    Parameters
    ----------
    environ
        Names the DVC remote in `PERENNIAL_DVC_REMOTE` and the password in `PERENNIAL_ADMIN_PASSWORD`.

    Raises
    ------
    SettingsError
        When a setting or the warehouse's connection is missing.
    SourceUnavailableError
        When the warehouse does not answer.
    """
    settings = runtime.settings([runtime.WAREHOUSE])
    warehouse.migrate(settings.warehouse())
    create_registry(Path(settings.snapshot_registry), environ["PERENNIAL_DVC_REMOTE"])
    passwords = {"admin": environ["PERENNIAL_ADMIN_PASSWORD"]}
    write_private(Path(environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]), json.dumps(passwords))
    logger.info("warehouse, data registry and sign-in are ready")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    prepare(os.environ)
