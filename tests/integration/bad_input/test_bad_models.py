"""Each bad input of the model plane meets the real steps: a clear answer, and the champion serves on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from include.errors import FatalError, PerennialError, RetryableError
from include.local.mlflow_server import MlflowServer
from include.local.ports import free_port
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.settings import Settings
from tests.support.bad_input.model_case import BadModelInput, Bench, Met, ModelEnds
from tests.support.bad_input.page import Page, line
from tests.support.bad_input.registry import StoppableRegistry
from tests.support.bad_input.sections import MODEL_CASES
from tests.support.bad_input.studio import FIRST, LAST, NIGHT, Serving, Studio
from tests.support.shop import Shop

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def common_studio(
    module_settings: Settings, server_processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Studio:
    """An installation whose model serves and has scored a night."""
    shop = Shop(module_settings)
    shop.write_days(FIRST, LAST)
    artifacts = server_processes.state / "artifacts"
    return Studio(module_settings, artifacts, tmp_path_factory.mktemp("aside"), shop=shop).begin()


@pytest.fixture(scope="module")
def stoppable_registry(
    common_studio: Studio, postgres: LocalPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StoppableRegistry]:
    """The same rows, with another model in a registry that may be stopped."""
    processes = Processes(tmp_path_factory.mktemp("registry"))
    database = "mlflow_stoppable"
    server = MlflowServer(
        processes,
        database_url=postgres.ensure_database(database),
        artifacts=processes.state / "artifacts",
        port=free_port(),
    )
    server.launch()
    server.wait()
    settings = common_studio.settings.model_copy(update={"mlflow_tracking_uri": server.url})
    studio = replace(common_studio.another(settings), artifacts=processes.state / "artifacts")
    yield StoppableRegistry(processes, server, studio.begin())
    processes.stop(processes.names())
    postgres.drop_database(database)


@pytest.mark.parametrize("case", MODEL_CASES, ids=lambda case: f"{case.kind}: {case.wrong}")
def test_a_bad_input_of_a_model(
    case: BadModelInput,
    common_studio: Studio,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    bad_input_page: Page,
) -> None:
    before = common_studio.serving()
    met = case.meet(Bench(common_studio, request))
    says = sees(met)
    for part in case.says:
        assert part in says
    require_kind_of_error(case, met)
    require_champion_serves(met, common_studio, before)
    todo = met.seen.next_step if isinstance(met.seen, PerennialError) else case.todo
    bad_input_page.take(case, line(case, says, todo, tmp_path))


def sees(met: Met) -> str:
    """Return what the user reads."""
    if isinstance(met.seen, str):
        return met.seen
    return f"{met.seen.where}: {met.seen.what}" if met.seen.where else met.seen.what


def require_kind_of_error(case: BadModelInput, met: Met) -> None:
    """The error is of the class that decides about a retry, and says what to do."""
    if case.raises is None:
        assert isinstance(met.seen, str)
        return
    assert type(met.seen) is case.raises
    assert isinstance(met.seen, RetryableError if case.ends is ModelEnds.RETRIED else FatalError)
    assert met.seen.next_step


def require_champion_serves(met: Met, common: Studio, before: Serving) -> None:
    """Warehouse and registry agree, the night is what it was, and scoring it again writes nothing."""
    studio = met.studio or common
    after = studio.serving()
    assert after.champion
    assert (after.champion.version, after.alias) == (met.serves, met.serves)
    assert len(after.night) == 40
    if met.studio is None:
        assert after == before
    again = studio.score(NIGHT)
    assert (again.changed, again.rows) == (False, 40)
    assert common.serving() == before
