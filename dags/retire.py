"""
### Take {name} out of service

Trigger it with a reason. By default this is a **dry run** that only says what would change; switch it off to
retire.

From then on `{name}__predict` and `{name}__drift` are skipped with the reason, for backfills too, and
MLflow has no alias `champion`. The files of every version that served, with their hashes and what the ledger
says of them, are copied to an archive below the reports' root. Nothing is deleted: predictions, versions,
snapshots and ledger stay.

**To take it back** trigger `{name}__rollback`, with an empty version for the champion it had; or train and
promote another version.

**When a task fails**

- `retire_model`: no reason was given, or the model is retired already; nothing was changed. MLflow or the
  warehouse does not answer: retried. A version whose files are damaged does not stop it; the archive says so.

**Always safe:** clearing. A run that did its work does it no second time; one that was killed finishes it.
**By hand only.**
"""

from perennial_airflow.defaults import midnight, models_to_parse, stage_dag
from perennial_airflow.operation_params import retire_params
from perennial_airflow.operators.retire_model import RetireModelOperator

for model, dataset in models_to_parse("retire"):
    with stage_dag(
        model,
        "retire",
        __doc__,
        schedule=None,
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params=retire_params(),
    ):
        RetireModelOperator(task_id="retire_model", model=model.model)
