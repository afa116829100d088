"""Studies in a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from include.adapters import search_study
from include.adapters.search_trial import State, Trial
from include.errors import SettingsError, SourceUnavailableError
from include.settings import Settings
from include.specs.training import Choices, Numbers

pytestmark = pytest.mark.integration

SPACE = {
    "rate": Numbers(low=0.01, high=0.3, log=True),
    "leaves": Numbers(low=2, high=64),
    "weight": Choices(choices=["balanced", 1, 2.5, False]),
}
TRIALS = [
    {"rate": 0.1, "leaves": 2, "weight": "balanced"},
    {"rate": 0.012345678901234567, "leaves": 64, "weight": 2.5},
    {"rate": 0.2, "leaves": 7, "weight": False},
]


@pytest.fixture
def settings(warehouse_settings: Settings) -> Settings:
    return warehouse_settings


def open_study(settings: Settings, trials: int = 3) -> None:
    search_study.open_study(
        settings, "s", SPACE, TRIALS[:trials], higher_is_better=True, facts={"training_set": "abc"}
    )


def test_a_study_holds_its_trials_by_number(settings: Settings) -> None:
    open_study(settings)
    found = search_study.read_trials(settings, "s")
    assert [trial.params for trial in found] == TRIALS
    assert [type(trial.params["weight"]) for trial in found] == [str, float, bool]
    assert found[1] == Trial(1, State.WAITING, TRIALS[1], {}, None, 0.0, None)
    assert search_study.read_facts(settings, "s") == {"training_set": "abc"}


def test_opening_again_writes_only_what_is_missing(settings: Settings) -> None:
    open_study(settings, 2)
    search_study.end_trial(settings, "s", 0, State.COMPLETE, seconds=1.0, value=0.5)
    open_study(settings)
    open_study(settings)
    states = [trial.state for trial in search_study.read_trials(settings, "s")]
    assert states == [State.COMPLETE, State.WAITING, State.WAITING]


def test_four_that_open_at_once_write_it_once(settings: Settings) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: open_study(settings), range(4)))
    assert [trial.params for trial in search_study.read_trials(settings, "s")] == TRIALS


def test_a_trial_that_was_begun_and_killed_goes_on(settings: Settings) -> None:
    open_study(settings)
    search_study.begin_trial(settings, "s", 1)
    search_study.report_fold(settings, "s", 1, 0, 0.25)
    begun = search_study.begin_trial(settings, "s", 1)
    assert (begun.state, begun.folds, begun.params) == (State.RUNNING, {0: 0.25}, TRIALS[1])
    search_study.report_fold(settings, "s", 1, 0, 0.25)
    ended = search_study.end_trial(settings, "s", 1, State.PRUNED, seconds=2.5)
    assert ended == Trial(1, State.PRUNED, TRIALS[1], {0: 0.25}, None, 2.5, None)


def test_a_trial_that_ended_stays_as_it_is(settings: Settings) -> None:
    open_study(settings)
    search_study.begin_trial(settings, "s", 2)
    first = search_study.end_trial(settings, "s", 2, State.FAILED, seconds=1.0, reason="no convergence")
    assert (first.state, first.reason) == (State.FAILED, "no convergence")
    assert search_study.begin_trial(settings, "s", 2) == first
    assert search_study.report_fold(settings, "s", 2, 0, 0.5) == first
    assert search_study.end_trial(settings, "s", 2, State.COMPLETE, seconds=9.0, value=1.0) == first


def test_a_search_that_was_never_opened_says_what_to_run(settings: Settings) -> None:
    open_study(settings)
    with pytest.raises(SettingsError, match=r"no search other.*run the task `plan_search` first"):
        search_study.read_trials(settings, "other")


def test_a_warehouse_without_the_tables_says_so(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="lacks a table"):
        search_study.read_trials(settings, "s")


def test_a_warehouse_that_does_not_answer_is_asked_again_later(settings: Settings) -> None:
    open_study(settings)
    away = settings.model_copy(
        update={"warehouse_url": SecretStr("postgresql+psycopg://u:secret@127.0.0.1:1/x")}
    )
    with pytest.raises(SourceUnavailableError, match="does not answer") as caught:
        search_study.read_trials(away, "s")
    assert "secret" not in str(caught.value)
    with pytest.raises(SourceUnavailableError):
        search_study.end_trial(away, "s", 0, State.COMPLETE, seconds=1.0, value=1.0)
