"""
### Put an earlier version of {name} back into service

Trigger it with a reason. By default this is a **dry run**: the log of `rollback_champion` and its return
value say which version would serve from which day on, and which nights would be scored again. The version's
files are fetched and checked in a dry run too. Then trigger it again with *Dry run* switched off.

The warehouse notes it with your name and reason, in the ledger too; the aliases `champion` and `previous` in
MLflow follow. The next night is scored with that version; nights that are published keep their answer unless
you switch *Score again* on. A rollback can be rolled back, and puts a retired model back into service.

**When a task fails**

- `rollback_champion`: the version never served, or its files are gone or altered; the message says what to
  name instead, and nothing was changed. MLflow or the warehouse does not answer: retried.

**Always safe:** clearing. A run that did its work does it no second time; one that was killed finishes it.
**By hand only.**
"""

from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operation_params import rollback_params
from perennial_airflow.operators.rollback_champion import RollbackChampionOperator

for model, dataset in models_to_parse("rollback"):
    with stage_dag(
        model,
        "rollback",
        __doc__,
        schedule=None,
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params=rollback_params(),
    ):
        RollbackChampionOperator(task_id="rollback_champion", model=model.model)
