"""
### Build a version of {name} again

Fits a registered version again – from its snapshot, by the code of its commit, with its parameters and
seed, nothing searched again – and says how near it comes: `bit-equal` (the very bytes), `metric-equal`
(every metric of the train and the validation part agrees) or `different`, with the differences. The
packages are today's; where they are not those of the version's lock, the result says so.

Nothing is registered and nothing that serves changes; the outcome is written into the ledger.
*Reproduction* under the task's details shows the comparison.

**When a task fails**

- `reproduce_version`: the version was trained before what this needs was recorded; its commit is not in
  this checkout (fetch it, the message says which); or its code does not run with today's packages: the
  message ends with its last words. MLflow, the snapshot storage or the warehouse does not answer: retried.

**Always safe:** clearing. What a run found before is found again, not fitted again; trigger another run for
that.
**By hand only.**
"""

from perennial_airflow.defaults import midnight, models_to_parse, reproduce_params, stage_dag
from perennial_airflow.operators.reproduce_version import ReproduceVersionOperator

for model, dataset in models_to_parse("reproduce"):
    with stage_dag(
        model,
        "reproduce",
        __doc__,
        schedule=None,
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params=reproduce_params(),
    ):
        ReproduceVersionOperator(task_id="reproduce_version", model=model.model)
