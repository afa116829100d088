"""Run one trial of a search: fit and score its parameters fold by fold, unless that was done."""

from __future__ import annotations

import logging
from statistics import fmean
from time import perf_counter

from include.adapters import mlflow_trials, search_study
from include.adapters.search_trial import State, Trial
from include.contracts import SearchPlan, SnapshotRef, TrialResult
from include.core.folds import mean_up_to, score_fold, search_folds, search_metric
from include.errors import EstimatorError, NotReadyError, SettingsError, SpecError, name_some
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.steps.plan_search import ROWS, search_of
from include.steps.search_rows import read_search_rows
from include.steps.training_key import training_key

SKIPPED = "skipped"

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, plan: SearchPlan, snapshot: SnapshotRef, number: int
) -> TrialResult:
    """Run a trial to its end; one that ended before is only read.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    plan
        What `plan_search` returned.
    snapshot
        What is searched on.
    number
        Which trial.

    Returns
    -------
    TrialResult
        Of a trial that failed by its parameters, too: that is an answer. `skipped` where the search's
        budget is used up, or it has no such trial.

    Raises
    ------
    SpecError, SettingsError
        When the spec or the search is not as it was planned.
    NotReadyError
        When it may be pruned by trials that have not ended.
    """
    spec = specs.model(plan.model)
    if number >= plan.trials:
        return _skipped(plan, number, f"there are {plan.trials} different trials in all, or left to do")
    trials = _planned_trials(settings, spec, plan, snapshot)
    trial = trials[number]
    if not trial.state.is_final:
        spent, budget = sum(one.seconds for one in trials if one.state.is_final), search_of(spec).budget
        if budget is not None and spent >= budget.total_seconds():
            used = f"{spent:.0f} of {budget.total_seconds():.0f} s"
            return _skipped(plan, number, f"budget used: the trials that ended took {used}")
        yardsticks = _yardsticks(plan, trials, number)
        trial = _run(settings, specs, spec, plan, snapshot, trial, yardsticks)
    mlflow_trials.record_trial(settings, plan.run_id, trial, search_metric(spec))
    log.info(
        "%s, trial %d: %s%s, %.1f s", plan.model, number, trial.state.value,
        "" if trial.value is None else f" with {search_metric(spec)} {trial.value:.6g}", trial.seconds,
    )  # fmt: skip
    return TrialResult(
        study=plan.study,
        trial=number,
        state=trial.state.value,
        value=trial.value,
        params=trial.params,
        seconds=trial.seconds,
        reason=trial.reason,
    )


def _planned_trials(
    settings: Settings, spec: ModelSpec, plan: SearchPlan, snapshot: SnapshotRef
) -> list[Trial]:
    """Return the trials on record, if plan, spec and record still speak of the same search."""
    next_step = "clear the task `plan_search`, which opens the search anew"
    if training_key(spec, snapshot) != plan.study:
        raise SpecError(
            "the spec says something else of training than when the search was planned",
            where=f"include/models/{spec.model}.yaml",
            next_step=next_step,
        )
    trials = search_study.read_trials(settings, plan.study)
    if plan.trials > len(trials):
        raise SettingsError(
            f"the search has {len(trials)} trials, not {plan.trials} as planned",
            where=f"search {plan.study}",
            next_step=next_step,
        )
    return trials


def _run(
    settings: Settings,
    specs: Specs,
    spec: ModelSpec,
    plan: SearchPlan,
    snapshot: SnapshotRef,
    trial: Trial,
    yardsticks: list[Trial],
) -> Trial:
    """Fit and score fold by fold; all of it follows from the trial's number, so two at once agree."""
    study, number = plan.study, trial.number
    sha256 = search_study.read_facts(settings, study)[ROWS]
    data = read_search_rows(settings, specs, spec, snapshot, study, sha256).data
    folds = search_folds(data, spec, snapshot.as_of)
    search_study.begin_trial(settings, study, number)
    began, values = perf_counter(), dict[int, float]()
    for fold in folds:
        try:
            values[fold.number] = score_fold(spec, data, fold, trial.params)
        except (EstimatorError, SpecError) as error:
            log.warning("%s, trial %d: failed with %s: %s", spec.model, number, trial.params, error)
            return search_study.end_trial(
                settings, study, number, State.FAILED, seconds=perf_counter() - began, reason=str(error)
            )
        search_study.report_fold(settings, study, number, fold.number, values[fold.number])
        if fold is not folds[-1] and _falls_behind(spec, values, yardsticks):
            return search_study.end_trial(
                settings, study, number, State.PRUNED, seconds=perf_counter() - began
            )
    seconds = perf_counter() - began
    return search_study.end_trial(
        settings, study, number, State.COMPLETE, seconds=seconds, value=fmean(values.values())
    )


def _falls_behind(spec: ModelSpec, values: dict[int, float], yardsticks: list[Trial]) -> bool:
    fold = max(values)
    others = [mean_up_to(one.folds, fold) for one in yardsticks]
    better = search_metric(spec).higher_is_better
    return search_study.falls_behind(mean_up_to(values, fold), others, higher_is_better=better)


def _yardsticks(plan: SearchPlan, trials: list[Trial], number: int) -> list[Trial]:
    """Return the complete ones of the first trials, by which a later one is pruned.

    Not those that happen to have ended: the outcome would depend on who was faster.
    """
    if number < plan.first_trials:
        return []
    first = trials[: plan.first_trials]
    if unfinished := [one.number for one in first if not one.state.is_final]:
        raise NotReadyError(
            f"trial {number} is measured by trials that have not ended: {name_some(unfinished)}",
            where=f"search {plan.study}",
            next_step="run them first; in Airflow clear their tasks",
        )
    return [one for one in first if one.state is State.COMPLETE]


def _skipped(plan: SearchPlan, number: int, reason: str) -> TrialResult:
    log.info("%s, trial %d: %s", plan.model, number, reason)
    return TrialResult(
        study=plan.study, trial=number, state=SKIPPED, value=None, params={}, seconds=0.0, reason=reason
    )
