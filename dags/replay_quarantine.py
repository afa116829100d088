"""
### Mend quarantined rows of {name} by hand

For rows that neither a better contract nor a mended source can save (for these, `{name}__load_history` over
the days judges and reads them again).

1. Trigger with the days and **without a file**: *Rows to mend* under the task's details is a CSV file with
   the quarantined rows, the rules they broke and what was observed.
2. Mend values; leave `quarantine_ds` and `quarantine_row` as they are. Write `leave_out` as
   `quarantine_action` for a row that must go; delete no copies. An empty cell is a missing value. A row whose
   event time is mended moves to its day, which must be there.
3. Put the file where the workers can read it and trigger with the same days, the file and a reason. By
   default this is a **dry run** that says what would change; untick it to write.

Mended rows become a new revision of their partition and are judged by the contract; what still fails stays
in quarantine. A correction is kept and applied whenever the partition is read again, until the source
changes that row: then the source wins and the log of `{name}__ingest` says so. Nights that were scored keep
their answer until `predict` runs for them again.

**When a task fails**

- `replay_quarantine`: the file does not fit what is in quarantine, and nothing was written (the message
  names row and value); or a day was refused with its mended rows, and all others are written.

**Always safe:** repeating it. The same file changes nothing the second time.
"""

from perennial_airflow.defaults import datasets_to_parse, midnight, replay_params, stage_dag
from perennial_airflow.operators.replay_quarantine import ReplayQuarantineOperator

for dataset in datasets_to_parse("replay_quarantine"):
    with stage_dag(
        dataset,
        "replay_quarantine",
        __doc__,
        schedule=None,
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params=replay_params(dataset),
    ):
        ReplayQuarantineOperator(task_id="replay_quarantine", dataset=dataset.dataset)
