"""One Airflow that asks people, for all tests of approval."""

from __future__ import annotations

from collections.abc import Iterator

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
def admin(stack: AskingAirflow) -> AirflowApi:
    api = stack.sign_in("admin")
    wait_until(lambda: f"{MODEL}__promote" in api.dag_ids(), "the DAGs")
    return api


@pytest.fixture(scope="session")
def people(stack: AskingAirflow) -> dict[str, AirflowApi]:
    return {name: stack.sign_in(name) for name in ("sam", "rita", "eve", "vic")}
