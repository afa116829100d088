"""One Airflow that asks people, for all tests of approval."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from include.demo.airflow_api import AirflowApi
from tests.support.asking_airflow import MODEL, AskingAirflow, wait_until


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AskingAirflow]:
    with AskingAirflow(tmp_path_factory.mktemp("asking")) as running:
        running.start()
        running.fill()
        yield running


@pytest.fixture(scope="session")
def admin(stack: AskingAirflow) -> Iterator[AirflowApi]:
    with closing(stack.sign_in("admin")) as api:
        wait_until(lambda: f"{MODEL}__promote" in api.dag_ids(), "the DAGs")
        yield api


@pytest.fixture(scope="session")
def people(stack: AskingAirflow) -> Iterator[dict[str, AirflowApi]]:
    with ExitStack() as signed_in:
        names = ("sam", "rita", "eve", "vic")
        yield {name: signed_in.enter_context(closing(stack.sign_in(name))) for name in names}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("PERENNIAL_PICTURES") or tmp_path_factory.mktemp("pictures"))
