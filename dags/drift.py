"""
### Weekly drift check of {name}

Waits until the week's seven nights are published, compares the week with the champion's reference
profile and writes a report: *Drift report* under the details of `measure_drift`. If the data changed, it
asks for retraining; training, judging and promoting follow by themselves. No drift is an answer, not a
failure: `request_retraining` is then skipped. The week of a model that was retired is skipped whole.

**When a task fails**

- `wait_for_week`: nights are missing after twelve hours; its log names them. Look at `{name}__predict`
  for those days, then *Clear*.
- `measure_drift`: the champion's profile cannot be read (retried). *Clear*.
- `request_retraining`: the warehouse does not answer (retried). *Clear*.

**Always safe:** repeating a week; the request is recorded once. Backfills never ask for retraining.

**By hand:** *Trigger* needs the first day of the week.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable

from perennial_airflow.assets import retrain_request
from perennial_airflow.defaults import (
    last_run_of,
    midnight,
    models_to_parse,
    partition_param,
    stage_dag,
)
from perennial_airflow.operators.measure_drift import MeasureDriftOperator
from perennial_airflow.operators.request_retraining import RequestRetrainingOperator
from perennial_airflow.sensors.week_published import WeekPublishedSensor

for model, dataset in models_to_parse("drift"):
    with stage_dag(
        model,
        "drift",
        __doc__,
        schedule=CronDataIntervalTimetable(model.drift.schedule, timezone="UTC"),
        start_date=midnight(dataset.start),
        end_date=last_run_of(dataset, days=7),
        max_active_runs=1,
        params={"partition": partition_param("The first day of the week to check")},
    ):
        wait = WeekPublishedSensor(
            task_id="wait_for_week",
            model=model.model,
            poke_interval=timedelta(seconds=60),
            timeout=timedelta(hours=12),
        )
        measure = MeasureDriftOperator(task_id="measure_drift", model=model.model)
        request = RequestRetrainingOperator(
            task_id="request_retraining",
            model=model.model,
            drift=measure.output,
            outlets=[retrain_request(model.model)],
        )
        wait >> measure >> request
