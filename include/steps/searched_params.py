"""What a search found: the parameters of its best trial."""

from __future__ import annotations

import logging

from include.adapters import search_study
from include.adapters.search_trial import State, Trial
from include.core.folds import search_metric
from include.errors import NotReadyError, TrainingDataError, name_some
from include.settings import Settings
from include.specs import ModelSpec

log = logging.getLogger(__name__)


def find_best_trial(settings: Settings, spec: ModelSpec, study: str) -> Trial:
    """Return the best complete trial of a search; of equals, that with the lowest number.

    Parameters
    ----------
    settings
        The installation.
    spec
        The model.
    study
        The search.

    Raises
    ------
    SettingsError
        When the search was never opened.
    NotReadyError
        When trials have not ended, though there is no budget that stopped them.
    TrainingDataError
        When none is complete; says why one failed.
    """
    trials = search_study.read_trials(settings, study)
    where = f"model {spec.model}, search {study}"
    unfinished = [one.number for one in trials if not one.state.is_final]
    if unfinished and (spec.training.search is None or spec.training.search.budget is None):
        raise NotReadyError(
            f"trials have not ended: {name_some(unfinished)}",
            where=where,
            next_step="clear their tasks, and this one after them",
            trials=unfinished,
        )
    complete = [one for one in trials if one.value is not None and one.state is State.COMPLETE]
    if not complete:
        reasons = [one.reason for one in trials if one.reason]
        raise TrainingDataError(
            f"none of {len(trials)} trials is complete"
            + (f"; one failed by: {reasons[0]}" if reasons else ""),
            where=where,
            next_step="widen `training.search.budget`, or search where the estimator does not fail",
        )
    sign = -1 if search_metric(spec).higher_is_better else 1
    best = min(complete, key=lambda one: (sign * (one.value or 0.0), one.number))
    log.info("%s: trial %d of %d is the best, with %s", spec.model, best.number, len(trials), best.params)
    return best
