"""Searches on record: one Optuna study for each training, in a schema of the warehouse's own for them.

All trials of a study are written when it is opened, with their parameters, so that a trial's number says
all about it. A trial is begun and ended by its number; one that was ended stays as it is, so that a
process that was killed, or two at once, can do the same work again and leave one trial.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.pruners import MedianPruner
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from sqlalchemy import NullPool

from include.adapters import warehouse
from include.adapters.search_trial import OPTUNAS, REASON, SECONDS, State, Trial, read_trial
from include.adapters.warehouse.connection import CONNECT_SECONDS, explained
from include.adapters.warehouse.migration import SEARCHES
from include.errors import SettingsError
from include.settings import Settings
from include.specs.training import Choices, Numbers, Value

optuna.logging.set_verbosity(optuna.logging.WARNING)  # at every other level it tells of each call

log = logging.getLogger(__name__)


def open_study(
    settings: Settings,
    study: str,
    space: Mapping[str, Numbers | Choices],
    trials: Sequence[Mapping[str, Value]],
    *,
    higher_is_better: bool,
    facts: Mapping[str, str],
) -> None:
    """Write a study with all its trials, or what is missing of it.

    One on record that has other facts or trials, as other code made them, is replaced: its results are
    not comparable.

    Parameters
    ----------
    settings
        The installation.
    study
        Its name.
    space
        What is searched.
    trials
        The parameters of each trial, by number.
    higher_is_better
        Whether the best trial is that with the greatest value.
    facts
        Kept with the study.

    Raises
    ------
    SourceUnavailableError
        When the warehouse does not answer.
    """
    distributions = {name: _distribution(values) for name, values in space.items()}
    with warehouse.transaction(settings) as conn:
        warehouse.name_lock(conn, "search")
        with _storage(settings, create=True) as storage:
            _drop_other(storage, study, trials, facts)
            opened = optuna.create_study(
                storage=storage, study_name=study, load_if_exists=True, direction=_direction(higher_is_better)
            )
            for name, value in facts.items():
                opened.set_user_attr(name, value)
            written = len(opened.get_trials(deepcopy=False))
            for params in trials[written:]:
                opened.add_trial(
                    create_trial(
                        state=TrialState.WAITING, params=dict(params), distributions=dict(distributions)
                    )
                )


def read_facts(settings: Settings, study: str) -> dict[str, str]:
    """Return what `open_study` was given to keep; errors as `read_trials`'."""
    with _storage(settings) as storage:
        return storage.get_study_user_attrs(_study_id(storage, study))


def read_trials(settings: Settings, study: str) -> list[Trial]:
    """Return all trials of a study by number.

    Raises
    ------
    SettingsError
        When there is no such study.
    SourceUnavailableError
        When the warehouse does not answer.
    """
    with _storage(settings) as storage:
        return [read_trial(trial) for trial in storage.get_all_trials(_study_id(storage, study))]


def begin_trial(settings: Settings, study: str, number: int) -> Trial:
    """Mark a trial as running, whoever began it before, and return it; one that ended stays as it is."""

    def begin(storage: RDBStorage, trial_id: int) -> None:
        storage.set_trial_state_values(trial_id, TrialState.RUNNING)

    return _change(settings, study, number, begin)


def report_fold(settings: Settings, study: str, number: int, fold: int, value: float) -> Trial:
    """Keep what a running trial scored on a fold; one that ended stays as it is."""

    def report(storage: RDBStorage, trial_id: int) -> None:
        storage.set_trial_intermediate_value(trial_id, fold, value)

    return _change(settings, study, number, report)


def end_trial(
    settings: Settings,
    study: str,
    number: int,
    state: State,
    *,
    seconds: float,
    value: float | None = None,
    reason: str | None = None,
) -> Trial:
    """End a trial and return what is on record: of two ends at once, the first one."""

    def end(storage: RDBStorage, trial_id: int) -> None:
        storage.set_trial_user_attr(trial_id, SECONDS, seconds)
        storage.set_trial_user_attr(trial_id, REASON, reason)
        storage.set_trial_state_values(trial_id, OPTUNAS[state], None if value is None else [value])

    return _change(settings, study, number, end)


def falls_behind(mean: float, others: Sequence[float], *, higher_is_better: bool) -> bool:
    """Ask Optuna's median pruner whether a trial's mean so far is worse than those of others.

    Parameters
    ----------
    mean
        The trial's mean of the folds so far.
    others
        The means of the same folds of the trials it is measured by; without any, nothing is pruned.
    higher_is_better
        What worse means.
    """
    memory = optuna.create_study(direction=_direction(higher_is_better))
    for other in others:
        memory.add_trial(create_trial(value=other, intermediate_values={0: other}))
    asked = create_trial(state=TrialState.RUNNING, intermediate_values={0: mean})
    return bool(MedianPruner(n_startup_trials=1).prune(memory, asked))


def _drop_other(
    storage: RDBStorage, study: str, trials: Sequence[Mapping[str, Value]], facts: Mapping[str, str]
) -> None:
    try:
        study_id = storage.get_study_id_from_name(study)
    except KeyError:
        return
    recorded = storage.get_study_user_attrs(study_id)
    written = [trial.params for trial in storage.get_all_trials(study_id)]
    other = any(recorded.get(name, value) != value for name, value in facts.items())
    if other or written != list(trials[: len(written)]):
        log.warning("search %s begins anew: it was opened on other rows or with other trials", study)
        storage.delete_study(study_id)


def _change(settings: Settings, study: str, number: int, change: Callable[[RDBStorage, int], None]) -> Trial:
    with _storage(settings) as storage:
        trial_id = storage.get_trial_id_from_study_id_trial_number(_study_id(storage, study), number)
        with suppress(UpdateFinishedTrialError):  # it ended before, in another process
            change(storage, trial_id)
        return read_trial(storage.get_trial(trial_id))


def _study_id(storage: RDBStorage, study: str) -> int:
    try:
        return storage.get_study_id_from_name(study)
    except KeyError:
        raise SettingsError(
            f"there is no search {study}",
            where=f"warehouse, schema {SEARCHES}",
            next_step="run the task `plan_search` first",
        ) from None


@contextmanager
def _storage(settings: Settings, *, create: bool = False) -> Iterator[RDBStorage]:
    """Reach the studies for as long as the block lasts; no connection is left behind.

    Optuna would make its tables by every process that reaches them, and two at once then fail.
    """
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "perennial",
        "options": f"-c timezone=UTC -c search_path={SEARCHES}",
    }
    with explained(), _unwrapped():
        yield RDBStorage(
            settings.warehouse(),
            engine_kwargs={"poolclass": NullPool, "connect_args": options},
            skip_table_creation=not create,
            skip_compatibility_check=not create,
        )


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise the database's errors as they were before Optuna put its own around them."""
    try:
        yield
    except StorageInternalError as error:
        raise error.__cause__ or error from None


def _direction(higher_is_better: bool) -> StudyDirection:
    return StudyDirection.MAXIMIZE if higher_is_better else StudyDirection.MINIMIZE


def _distribution(values: Numbers | Choices) -> BaseDistribution:
    if isinstance(values, Choices):
        return CategoricalDistribution(values.choices)
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)
