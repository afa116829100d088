"""
### Ingest {name}, one UTC day a run

Reads the rows whose event time lies in the run's day, writes them to the lake in one step, and holds
them against the dataset's contract. Rows that break a `quarantine` rule are set aside with the rule they
broke; a broken `block` rule or budget fails the run and publishes nothing. Of a source that is loaded as a
`state`, the day's partition is all it holds once the day is over.

**When a task fails**

- `wait_for_source`: the day did not arrive in time; the message says what was looked for. Ask who fills
  the source, then *Clear* the task: it waits anew. Only datasets with `arrival` in their spec have it.
- `ingest_partition`: the source is unreachable (retried), lacks a table or column, or has no rows for the
  day. Mend the source, then *Clear* the task.
- `validate_partition`: the rows are not what the contract promises; *Validation result* under the task's
  details shows which and why. Mend the source or the contract, then *Clear* the run.
- `revise_late_days`: a day that was read again, because rows may come late, is refused or the source is
  unreachable; the message names it. The run's own day stands. Only datasets with `lateness` have this task.

**Late rows:** with `lateness: 3d` each scheduled night reads the three days before its own again, and a day
whose rows changed becomes a new revision. A night that was refused reads none of them until it is cleared.
Rows that come later than that are not seen: load their days with `{name}__load_history`. Snapshots made
afterwards hold the new revision; nights that were scored keep their answer until their prediction is run
again.

**Always safe:** clearing a run or making a backfill. Equal rows give the same bytes; changed rows become
a new revision and the old one stays. A source that holds only its present state is never read for an older
day: a partition that is there stands, one that is not is refused.

**By hand:** *Trigger* needs the partition's day. For several days use *Trigger > Backfill*. A run's id
names the midnight at which its day is over: the run for 1 May is called …05-02.
"""

from airflow.sdk import CronDataIntervalTimetable

from perennial_airflow.assets import clean_partition
from perennial_airflow.defaults import (
    PARALLEL_PARTITIONS,
    datasets_to_parse,
    last_run_of,
    midnight,
    partition_param,
    stage_dag,
)
from perennial_airflow.operators.ingest_partition import IngestPartitionOperator
from perennial_airflow.operators.revise_late_days import ReviseLateDaysOperator
from perennial_airflow.operators.validate_partition import ValidatePartitionOperator
from perennial_airflow.sensors.source_ready import SourceReadySensor

for dataset in datasets_to_parse("ingest"):
    with stage_dag(
        dataset,
        "ingest",
        __doc__,
        schedule=CronDataIntervalTimetable(dataset.schedule, timezone="UTC"),
        start_date=midnight(dataset.start),
        end_date=last_run_of(dataset),
        max_active_runs=PARALLEL_PARTITIONS,
        params={"partition": partition_param()},
    ):
        ingest = IngestPartitionOperator(task_id="ingest_partition", dataset=dataset.dataset)
        if dataset.arrival is not None:
            ingest << SourceReadySensor(
                task_id="wait_for_source",
                dataset=dataset.dataset,
                poke_interval=dataset.arrival.check_every,
                timeout=dataset.arrival.timeout,
            )
        validate = ValidatePartitionOperator(
            task_id="validate_partition",
            partition=ingest.output,
            outlets=[clean_partition(dataset.dataset)],
        )
        if dataset.lateness is not None:
            validate >> ReviseLateDaysOperator(task_id="revise_late_days", dataset=dataset.dataset)
