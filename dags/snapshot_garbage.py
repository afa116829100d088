"""
### Remove snapshots that nobody needs

Takes tags out of the data registry, and then the objects that only they needed out of its storage. What
stays:

- every snapshot that a model version registered in MLflow was trained on, or that ever served;
- of each model the snapshots frozen last (`newest`), and the young ones (`days`);
- tags that are no snapshot's, and objects written since the day before `as_of`.

Trigger it with `dry_run` first: the log says what would go, with its bytes.

**When a task fails**

- `collect_garbage`: the data registry, its storage, MLflow or the warehouse does not answer (retried), or
  MLflow does not know a version that serves (is it the right server?). Nothing is removed then.

**Always safe:** repeating it, also after it was killed: it finishes what it had begun. A snapshot that is
frozen meanwhile is not harmed; at worst its task is retried.
**By hand only.**
"""

from perennial_airflow.defaults import garbage_params, operations_dag
from perennial_airflow.operators.collect_snapshot_garbage import CollectSnapshotGarbageOperator

with operations_dag("snapshot_garbage", "platform", __doc__, params=garbage_params()):
    CollectSnapshotGarbageOperator(task_id="collect_garbage")
