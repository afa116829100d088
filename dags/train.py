"""
### Train and judge a candidate of {name}

Started by a snapshot. Fits the model on rows with mature labels only, registers it in MLflow as a
candidate that nothing serves, then scores candidate and champion on the same holdout, which neither
has seen. Where the spec says `training.search`, the estimator's parameters are searched first, on the
days before the holdout: each trial is a task of its own, and later trials are pruned by the first ones.

**When a task fails**

- `plan_search`: as `train_candidate`; or the estimator refuses every trial, or a fold has too few rows:
  mend `training.search`, then trigger `{name}__snapshot`.
- `run_first_trial`: as `run_trial`.
- `run_trial`: the warehouse, MLflow or the snapshot storage does not answer (retried),
  or the process was killed, as for want of memory (retried): *Clear*, or take such values out of
  `training.search.space`. A trial whose parameters do not work is no failed task: it is recorded with its
  reason. Skipped trials had no time left in `training.search.budget`, or the space has fewer points.
- `train_candidate`: the training set cannot train (one class, too few rows, labels missing), or knows what
  the model will not know: *Training set* under the task's details shows what was found. Mend the data or
  the spec, or accept the finding there with a reason, then trigger `{name}__snapshot`. MLflow or the
  snapshot storage does not answer: retried. No trial is complete: the message says why one failed.
- `evaluate_candidate`: MLflow or the warehouse does not answer (retried). *Clear*. A candidate that did not
  pass is no failed task: *Evidence* under the task's details shows each gate with its reasons.

**Always safe:** clearing. A retry finds the run, the trials and the version of the earlier try; none is
made twice. Nothing here changes what is served.
"""

from perennial_airflow.assets import evaluation, snapshot
from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from perennial_airflow.operators.plan_search import PlanSearchOperator
from perennial_airflow.operators.run_trial import RunTrialOperator
from perennial_airflow.operators.train_candidate import TrainCandidateOperator

for model, dataset in models_to_parse("train"):
    with stage_dag(
        model,
        "train",
        __doc__,
        schedule=[snapshot(model.model)],
        start_date=midnight(dataset.start),
        max_active_runs=1,
    ):
        # Not only where all trials succeeded: some may be skipped. One that failed for good stops the
        # training, or the version would depend on what broke.
        train = TrainCandidateOperator(
            task_id="train_candidate", model=model.model, trigger_rule="none_failed"
        )
        EvaluateCandidateOperator(
            task_id="evaluate_candidate", candidate=train.output, outlets=[evaluation(model.model)]
        )
        if (search := model.training.search) is not None:
            plan = PlanSearchOperator(task_id="plan_search", model=model.model).output
            trial = {
                "plan": plan,
                "max_active_tis_per_dagrun": search.parallel,
                "map_index_template": "trial {{ task.trial }}",
                "trigger_rule": "none_failed",
            }
            first, later = range(search.first_trials), range(search.first_trials, search.trials)
            trials = RunTrialOperator.partial(task_id="run_trial", **trial).expand(trial=list(later))
            if first:
                (
                    RunTrialOperator.partial(task_id="run_first_trial", **trial).expand(trial=list(first))
                    >> trials
                )
            trials >> train
