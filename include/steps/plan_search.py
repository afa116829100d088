"""Open the search of a training: check what can be checked before hours are spent, and number the trials."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from include.adapters import mlflow_registry, mlflow_runs, search_study
from include.contracts import SearchPlan, SnapshotRef
from include.core.estimators import Params, build_estimator
from include.core.folds import search_folds, search_metric
from include.core.search_space import propose_trials
from include.errors import SpecError
from include.settings import Settings
from include.specs import ModelSpec, Specs
from include.specs.training import Search
from include.steps.check_training_set import check_training_set
from include.steps.search_rows import forget_search_rows, read_search_rows
from include.steps.training_key import training_key, training_tags

ROWS = "training_set_sha256"

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, model: str, snapshot: SnapshotRef, code_commit: str, lock_sha256: str
) -> SearchPlan:
    """Open the search for a snapshot; opening it again changes nothing and repeats no trial.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    model
        Which model.
    snapshot
        What it is trained on.
    code_commit, lock_sha256
        Recorded: the code and the packages that search.

    Returns
    -------
    SearchPlan
        Without trials where the training this search is for is done already.

    Raises
    ------
    SpecError
        When the model has no search, or the estimator refuses every trial's parameters.
    TrainingDataError
        When the snapshot cannot train, or a fold has too few rows.
    LeakageError
        When it knows what the model will not know at the event, and the spec does not accept that.
    """
    spec = specs.model(model)
    search, study = search_of(spec), training_key(spec, snapshot)
    registered = mlflow_registry.find_version(settings, model, study)
    if registered is not None:
        log.info("%s: version %d was trained on this already, nothing is searched", model, registered.version)
        return SearchPlan(model=model, study=study, run_id=registered.run_id, trials=0)
    trials = propose_trials(search.space, spec.training.seed, search.trials)
    _refuse_all_refused(spec, trials)
    rows = read_search_rows(settings, specs, spec, snapshot, study, None)
    check_training_set(settings, specs, spec, snapshot, rows.events, rows.data)
    search_folds(rows.data, spec, snapshot.as_of)
    search_study.open_study(
        settings,
        study,
        search.space,
        trials,
        higher_is_better=search_metric(spec).higher_is_better,
        facts={ROWS: rows.sha256, "model": model, "snapshot": snapshot.tag},
    )
    forget_search_rows(settings, model, keep=study)
    made_by = {"code_commit": code_commit, "lock_sha256": lock_sha256}
    tags = training_tags(spec, snapshot, study) | made_by
    run_id = mlflow_runs.start_run(settings, model, study, f"{model} {snapshot.as_of}", tags)
    log.info("%s: %d trials over %d parameters, study %s", model, len(trials), len(search.space), study)
    return SearchPlan(
        model=model,
        study=study,
        run_id=run_id,
        trials=len(trials),
        first_trials=min(search.first_trials, len(trials)),
    )


def search_of(spec: ModelSpec) -> Search:
    """Return how a model is searched.

    Raises
    ------
    SpecError
        When it is not.
    """
    if spec.training.search is None:
        raise SpecError(
            "there is no `training.search`",
            where=f"include/models/{spec.model}.yaml",
            next_step="train without a search, or say what is searched",
        )
    return spec.training.search


def _refuse_all_refused(spec: ModelSpec, trials: Sequence[Params]) -> None:
    """Raise why the first trial is refused if every one is; single ones become failed trials."""
    refusals = []
    for params in trials:
        try:
            build_estimator(spec, params)
        except SpecError as error:
            refusals.append(error)
    if len(refusals) == len(trials):
        raise SpecError(
            f"the estimator refuses every trial: {refusals[0].what}",
            where=f"{refusals[0].where}, training.search.space",
            next_step=refusals[0].next_step,
        )
