"""
### Score last night's partition with the champion of `{name}`

Waits for the partition without holding a worker, pins the champion once for the run, scores every clean
row and publishes the answer in one transaction. Readers of the view `perennial.current_prediction` see
the old night or the new one, never a mixture.

| task | when it fails | safe to do |
|---|---|---|
| `wait_for_partition` | the partition did not come within twelve hours | look at `<dataset>__ingest` for that day; then *Clear* |
| `pin_champion` | is *skipped* while nothing serves yet | trigger `{name}__snapshot` |
| `predict_partition` | the model does not load, or its scores break the output contract: nothing was published | read the message; last published night is still served; *Clear* when mended |

**Always safe:** clearing or a backfill. The same partition and champion give the same rows and write
nothing; another answer becomes a new revision and the old one stays.

**Parameter** `champion`: `as_of` scores with the version that served on that day, `current` with today's.
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
