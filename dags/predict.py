"""
### Score a night with the champion of {name}

Waits for the partition, and for those of datasets that features are derived from, without holding a
worker; pins the champion once for the run, scores every clean row and publishes the answer in one
transaction. Readers of the view `perennial.current_prediction` see the old night or the new one, never a
mixture.

**When a task fails**

- `wait_for_partition`: a partition did not come within twelve hours. Its log names the dataset: look at
  that ingest DAG for that day, then *Clear*.
- `pin_champion`: is *skipped* while nothing serves yet, and once the model was retired; the log says which.
  Trigger `{name}__snapshot`, or `{name}__rollback` to put a version back into service.
- `predict_partition`: the model does not load, a day that features look back at is missing, or the scores
  break the output contract. Nothing was published and the last published night is still served. Read the
  message; *Clear* when mended.

**Always safe:** clearing or a backfill. The same partition and champion give the same rows and write
nothing; another answer becomes a new revision and the old one stays.

**By hand:** *Trigger* needs the partition's day. `champion` chooses the version that served on that day
(`as_of`) or today's (`current`). A run's id names the midnight at which its day is over: the run for
1 May is called …05-02.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable

from perennial_airflow.assets import predictions
from perennial_airflow.defaults import (
    PARALLEL_PARTITIONS,
    champion_param,
    last_run_of,
    midnight,
    models_to_parse,
    partition_param,
    stage_dag,
)
from perennial_airflow.operators.pin_champion import PinChampionOperator
from perennial_airflow.operators.predict_partition import PredictPartitionOperator
from perennial_airflow.sensors.partition_ready import PartitionReadySensor

for model, dataset in models_to_parse("predict"):
    with stage_dag(
        model,
        "predict",
        __doc__,
        schedule=CronDataIntervalTimetable(model.predict.schedule, timezone="UTC"),
        start_date=midnight(dataset.start),
        end_date=last_run_of(dataset),
        max_active_runs=PARALLEL_PARTITIONS,
        params={"partition": partition_param(), "champion": champion_param()},
    ):
        wait = PartitionReadySensor(
            task_id="wait_for_partition",
            dataset=model.dataset,
            also=sorted({one.dataset for one in model.derived} - {model.dataset}),
            model=model.model,
            poke_interval=timedelta(seconds=20),
            timeout=timedelta(hours=12),
        )
        pin = PinChampionOperator(task_id="pin_champion", model=model.model)
        predict = PredictPartitionOperator(
            task_id="predict_partition",
            model=model.model,
            champion=pin.output,
            outlets=[predictions(model.model)],
        )
        wait >> pin >> predict
