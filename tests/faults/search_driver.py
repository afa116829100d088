"""Opens a search or runs one of its trials in a process of its own and kills it at a given moment.

Started by `tests.support.killing.start_driver`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from include.adapters import mlflow_runs, mlflow_trials, search_study
from include.contracts import SearchPlan, SnapshotRef
from include.settings import Settings
from include.steps import plan_search, run_trial
from tests.support.killing import die, then_die
from tests.support.shop import shop_specs

MOMENTS = {
    "before the study": "plan",
    "with half of the trials written": "plan",
    "between study and run": "plan",
    "just after the run": "plan",
    "before the trial begins": "trial",
    "just after it began": "trial",
    "before the first fold": "trial",
    "just after the first fold": "trial",
    "before the end": "trial",
    "between end and MLflow": "trial",
    "just after MLflow": "trial",
}


def arm(moment: str) -> None:
    match moment:
        case "before the study":
            search_study.open_study = die  # type: ignore[assignment]
        case "with half of the trials written":
            opened = then_die(search_study.open_study)
            search_study.open_study = lambda settings, study, space, trials, **options: opened(
                settings, study, space, trials[: len(trials) // 2], **options
            )
        case "between study and run":
            search_study.open_study = then_die(search_study.open_study)
        case "just after the run":
            mlflow_runs.start_run = then_die(mlflow_runs.start_run)
        case "before the trial begins":
            search_study.begin_trial = die  # type: ignore[assignment]
        case "just after it began":
            search_study.begin_trial = then_die(search_study.begin_trial)
        case "before the first fold":
            run_trial.score_fold = die  # type: ignore[assignment]
        case "just after the first fold":
            search_study.report_fold = then_die(search_study.report_fold)
        case "before the end":
            search_study.end_trial = die  # type: ignore[assignment]
        case "between end and MLflow":
            search_study.end_trial = then_die(search_study.end_trial)
        case "just after MLflow":
            mlflow_trials.record_trial = then_die(mlflow_trials.record_trial)
        case _:
            raise ValueError(moment)


def main(moment: str) -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    settings, model = Settings.model_validate(given["settings"]), given["model"]
    specs = shop_specs(model, training=given["training"])
    snapshot = SnapshotRef.from_json(given["snapshot"])
    arm(moment)
    if given["plan"] is None:
        plan_search.run(settings, specs, model, snapshot, "commit", "lock")
    else:
        plan = SearchPlan.from_json(given["plan"])
        run_trial.run(settings, specs, plan, snapshot, given["trial"])


if __name__ == "__main__":
    main(sys.argv[1])
