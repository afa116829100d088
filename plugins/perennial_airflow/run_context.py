"""What an operator asks of its run: the partition it works for and the event that started it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from include.errors import FatalError

if TYPE_CHECKING:
    from airflow.sdk import Asset, Context


def partition_day(context: Context) -> date:
    """Return the UTC day a run of a daily or weekly DAG works for.

    Scheduled and backfill runs take the start of their data interval. A run triggered by hand must
    name its day: the interval Airflow derives for it depends on the moment of the click.

    Raises
    ------
    FatalError
        When a manual run names no day or a wrong one, or a backfill names one beside its range.
    """
    run = context["dag_run"]
    named = context["params"].get("partition")
    if run.run_type == "manual":
        if not named:
            raise FatalError(
                "a manual run must name its partition",
                where=f"{run.dag_id}, parameter `partition`",
                next_step='trigger again with {"partition": "YYYY-MM-DD"}, or make a backfill for a range',
            )
        return parse_day(named, f"{run.dag_id}, parameter `partition`")
    if named:
        raise FatalError(
            f"parameter `partition` is {named!r}, but this run takes its partition from its data interval",
            where=f"{run.dag_id}, run {run.run_id}",
            next_step="leave the parameter empty for backfills; their range names the partitions",
        )
    start = context["data_interval_start"]
    if start is None:
        raise FatalError(
            "this run has no data interval, so no partition",
            where=f"{run.dag_id}, run {run.run_id}",
            next_step='trigger by hand with {"partition": "YYYY-MM-DD"}, or make a backfill',
        )
    return date(start.year, start.month, start.day)


def parse_day(named: object, where: str) -> date:
    """Read a day that a person or a program wrote.

    Raises
    ------
    FatalError
        When it is not a day of the calendar, written YYYY-MM-DD.
    """
    try:
        day = date.fromisoformat(str(named))
    except ValueError:
        day = None
    if day is None or day.isoformat() != named:  # Python takes other spellings, such as 2017-W18-3
        raise FatalError(f"{named!r} is not a day", where=where, next_step='write it as "YYYY-MM-DD"')
    return day


def day_range(context: Context, dag_id: str) -> tuple[date, date]:
    """Return the parameters `first` and `last` of a run.

    Raises
    ------
    FatalError
        When one of them is not a day.
    """
    first, last = (
        parse_day(context["params"][name], f"{dag_id}, parameter `{name}`") for name in ("first", "last")
    )
    return first, last


def is_backfill(context: Context) -> bool:
    """Tell whether the run belongs to a backfill, which must not promote, retrain or page."""
    return context["dag_run"].run_type == "backfill"


def requested_by(context: Context) -> str | None:
    """Return the person who triggered the run by hand; None where a schedule, event or backfill did.

    Through the web UI and the REST API that is the name of the Airflow account, from Airflow's command line
    that of the account on the machine.
    """
    run = context["dag_run"]
    by_hand = run.run_type in ("manual", "asset_materialization")  # an enum: its str() is another text
    return run.triggering_user_name if by_hand else None


def newest_event(context: Context, asset: Asset) -> dict[str, Any] | None:
    """Return the `extra` of the newest event of `asset` that started this run; None without one."""
    events = context["triggering_asset_events"]
    found = events.get(asset, [])
    return dict(found[-1].extra) if found else None


def required_event(context: Context, asset: Asset, model: str) -> dict[str, Any]:
    """Return the `extra` of the newest event of `asset` that started this run.

    Raises
    ------
    FatalError
        When none did: a run of this DAG cannot be started by hand.
    """
    event = newest_event(context, asset)
    if event is None:
        raise FatalError(
            f"this run was not started by an event of {asset.name}, so it has nothing to work on",
            where=context["dag_run"].dag_id,
            next_step=f'trigger {model}__snapshot with {{"as_of": "YYYY-MM-DD"}}; the rest follows',
        )
    return event
