"""
### Load the history of {name}

Writes and validates all partitions between two days in one bounded job, for a new dataset or after a
change to its contract. Days that are there already and did not change are left as they are, so a run
that was stopped half-way is simply triggered again and goes on where it was. The log says after every few
weeks how many days are done and how long the rest will take.

A source that holds only its present state has no history: such a load is refused.

**When a task fails**

- `load_history`: as in `{name}__ingest`; the message names the days, and all other days are written.
  Mend the source or the contract, then *Clear*.

**By hand only:** trigger with the first and last day.
"""

from datetime import timedelta

from perennial_airflow.defaults import datasets_to_parse, history_params, midnight, stage_dag
from perennial_airflow.operators.load_history import LoadHistoryOperator

for dataset in datasets_to_parse("load_history"):
    with stage_dag(
        dataset,
        "load_history",
        __doc__,
        schedule=None,
        start_date=midnight(dataset.start),
        max_active_runs=1,
        params=history_params(dataset),
    ):
        LoadHistoryOperator(
            task_id="load_history", dataset=dataset.dataset, execution_timeout=timedelta(hours=12)
        )
