"""
### Train and judge a candidate of {name}

Started by a snapshot. Fits the model on rows with mature labels only, registers it in MLflow as a
candidate that nothing serves, then scores candidate and champion on the same holdout, which neither
has seen.

**When a task fails**

- `train_candidate`: the training set cannot train (one class, too few rows, labels missing), or knows what
  the model will not know: *Training set* under the task's details shows what was found. Mend the data or
  the spec, or accept the finding there with a reason, then trigger `{name}__snapshot`. MLflow or the
  snapshot storage does not answer: retried.
- `evaluate_candidate`: MLflow or the warehouse does not answer (retried). *Clear*.

**Always safe:** clearing. A retry finds the run and version of the earlier try; none is made twice.
Nothing here changes what is served.
"""

from perennial_airflow.assets import evaluation, snapshot
from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
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
        train = TrainCandidateOperator(task_id="train_candidate", model=model.model)
        EvaluateCandidateOperator(
            task_id="evaluate_candidate", candidate=train.output, outlets=[evaluation(model.model)]
        )
