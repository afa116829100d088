"""
### Freeze what {name} trains on

Puts the model's window of clean partitions, features and labels, under DVC: one tag in the data
registry, named by content. Started by a retrain request, or by hand with the day the model should be
trained as of. Training follows by itself.

**When a task fails**

- `freeze_snapshot`: a dataset has no partitions in the window, or the data registry or its storage does
  not answer (retried). Load the missing days, then *Clear*.

**When a training says that objects of the snapshot storage are missing or hold other bytes:** trigger this
DAG for the same day with `verify`. It reads the snapshot back and writes anew from the lake what is lost.

**Always safe:** repeating it. The same partitions give the same snapshot.
"""

from perennial_airflow.assets import retrain_request, snapshot
from perennial_airflow.defaults import as_of_param, midnight, models_to_parse, stage_dag, verify_param
from perennial_airflow.operators.freeze_snapshot import FreezeSnapshotOperator

for model, dataset in models_to_parse("snapshot"):
    with stage_dag(
        model,
        "snapshot",
        __doc__,
        schedule=[retrain_request(model.model)],
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params={"as_of": as_of_param(), "verify": verify_param()},
    ):
        FreezeSnapshotOperator(task_id="freeze_snapshot", model=model.model, outlets=[snapshot(model.model)])
