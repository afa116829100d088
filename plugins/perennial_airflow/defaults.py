"""What all DAGs share: identity, documentation, retries, and the parameters of their trigger forms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from airflow.sdk import DAG, Param
from airflow.sdk.definitions.context import get_parsing_context

from include.specs import DatasetSpec, ModelSpec
from perennial_airflow import runtime
from perennial_airflow.retries import RETRY_POLICY

_RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": RETRY_POLICY,
}
PARALLEL_PARTITIONS = 4
"""Partitions are independent of each other; more at once only queue for the machine."""


def datasets_to_parse(stage: str) -> Iterator[DatasetSpec]:
    """Yield the sound datasets whose DAGs are wanted now: all, but in a task only its own."""
    wanted = get_parsing_context().dag_id
    for name, spec in runtime.specs().datasets.items():
        if wanted in {None, dag_id(name, stage)}:
            yield spec


def models_to_parse(stage: str) -> Iterator[tuple[ModelSpec, DatasetSpec]]:
    """Yield the sound models whose DAGs are wanted now, each with its dataset."""
    wanted = get_parsing_context().dag_id
    specs = runtime.specs()
    for name, spec in specs.models.items():
        if wanted in {None, dag_id(name, stage)}:
            yield spec, specs.dataset(spec.dataset)


def dag_id(name: str, stage: str) -> str:
    """Return `<dataset or model>__<stage>`."""
    return f"{name}__{stage}"


def midnight(day: date) -> datetime:
    """Return the start of a UTC day."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def last_run_of(dataset: DatasetSpec, days: int = 1) -> datetime | None:
    """Return when runs over `days` days each stop for a dataset that has ended; None while it goes on."""
    return None if dataset.end is None else midnight(dataset.end - timedelta(days=days - 1))


def stage_dag(
    spec: DatasetSpec | ModelSpec, stage: str, doc: str | None, *, schedule: Any, **options: Any
) -> DAG:
    """Make the DAG of one stage of one dataset or model.

    Parameters
    ----------
    spec
        Whose DAG it is; gives name, owner, tags and description.
    stage
        The stage's name, second half of the DAG id.
    doc
        Markdown for the person on call; `{name}` stands for the dataset's or model's name.
    schedule, options
        Passed on to `DAG`.
    """
    kind = "dataset" if isinstance(spec, DatasetSpec) else "model"
    name = spec.dataset if isinstance(spec, DatasetSpec) else spec.model
    return DAG(
        dag_id(name, stage),
        schedule=schedule,
        description=spec.description,
        doc_md=(doc or "").replace("{name}", name),
        tags=["perennial", kind, name, stage],
        default_args={"owner": spec.owner, **_RETRIES},
        catchup=False,
        **options,
    )


def operations_dag(name: str, owner: str, doc: str | None, **options: Any) -> DAG:
    """Make a DAG that belongs to no dataset or model and is triggered by hand.

    Parameters
    ----------
    name
        The DAG id.
    owner
        Who answers for the installation.
    doc
        Markdown for the person on call.
    options
        Passed on to `DAG`.
    """
    return DAG(
        name,
        schedule=None,
        doc_md=doc,
        tags=["perennial", "operations"],
        default_args={"owner": owner, **_RETRIES},
        catchup=False,
        max_active_runs=1,
        **options,
    )


def partition_param(what: str = "The UTC day to work for") -> Param:
    """Return the date field of a manual run; scheduled runs and backfills leave it empty."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        title="Partition",
        description=f"{what}. A run triggered by hand must name it; backfills and schedules must not.",
    )


def history_params(dataset: DatasetSpec) -> dict[str, Param]:
    """Return the two ends of a history load."""
    return _range_params(dataset, "load")


def _range_params(dataset: DatasetSpec, verb: str) -> dict[str, Param]:
    return {
        "first": Param(
            dataset.start.isoformat(),
            type="string",
            format="date",
            title="First day",
            description=f"The oldest partition to {verb} (UTC).",
        ),
        "last": Param(
            type="string",
            format="date",
            title="Last day",
            description=f"The newest partition to {verb} (UTC), itself included.",
        ),
    }


def replay_params(dataset: DatasetSpec) -> dict[str, Param]:
    """Return what a replay needs: the days, and once rows were mended the file and the reason."""
    texts = {
        "file": ("File", "Mended rows, CSV or Parquet: a path that the workers can read. Leave it empty to"
                 " get the rows that are in quarantine as a file."),
        "reason": ("Reason", "Why the rows were changed; kept with every row. Needed with a file."),
    }  # fmt: skip
    fields = {
        name: Param(None, type=["null", "string"], title=title, description=description)
        for name, (title, description) in texts.items()
    }
    dry_run = Param(
        True,
        type="boolean",
        title="Dry run",
        description="Only say what would change. Untick it to write.",
    )
    return {**_range_params(dataset, "export or replay"), **fields, "dry_run": dry_run}


def as_of_param() -> Param:
    """Return the day a snapshot is made as of; a retrain request brings its own."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        title="As of",
        description="Only data of days before this one is used. A run triggered by hand must name it.",
    )


def verify_param() -> Param:
    """Return the wish to read a snapshot back."""
    return Param(
        False,
        type="boolean",
        title="Verify",
        description="Read all objects of the snapshot back, and write anew from the lake what is lost. Slow.",
    )


def garbage_params() -> dict[str, Param]:
    """Return what a collection of snapshots keeps, and whether it changes anything."""
    return {
        "dry_run": Param(
            True,
            type="boolean",
            title="Dry run",
            description="Only say what would go. Switch it off once you have read that.",
        ),
        "as_of": Param(
            type="string",
            format="date",
            title="As of",
            description="Today: the age of snapshots is counted back from this day (UTC).",
        ),
        "newest": Param(
            5,
            type="integer",
            minimum=1,
            title="Newest",
            description="So many snapshots of each model stay, those frozen last.",
        ),
        "days": Param(
            30,
            type="integer",
            minimum=1,
            title="Days",
            description="Snapshots frozen, or with data, in so many days before «As of» stay.",
        ),
    }


def reproduce_params() -> dict[str, Param]:
    """Return which version is built again, and with which seed."""
    return {
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version",
            description="Of the model registry. Empty: the champion.",
        ),
        "seed": Param(
            None,
            type=["null", "integer"],
            minimum=0,
            title="Seed",
            description="Another seed, to see what it changes. Empty: the version's own.",
        ),
    }


def champion_param() -> Param:
    """Return the choice between the version that served then and the one that serves now."""
    return Param(
        "as_of",
        enum=["as_of", "current"],
        title="Champion",
        description="Score with the version that served on the partition's day, or with the current one.",
        values_display={"as_of": "the one that served on that day", "current": "the current one"},
    )
