"""When a source that knows only its present may fill a partition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from include.errors import FatalError


def require_present(dataset: str, ds: date, read_at: datetime | None) -> None:
    """Refuse to write a day's state from rows of another time.

    The state of a day is what the source holds once the day is over. The day after it is near enough;
    later rows would tell the day what it could not know, earlier ones would miss its end.

    Parameters
    ----------
    dataset, ds
        The partition.
    read_at
        When the source is read, with its zone; None for a run that works for the past.

    Raises
    ------
    FatalError
        Names the day on which the partition could be read.
    """
    on = ds + timedelta(days=1)
    if read_at is not None and read_at.astimezone(UTC).date() == on:
        return
    when = (
        "this run works for the past"
        if read_at is None
        else f"now it is {read_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    )
    raise FatalError(
        f"the source holds only its present state, so the state of {ds} can be read on {on} (UTC) alone;"
        f" {when}",
        where=f"{dataset} {ds}",
        next_step="leave the day out; if the source keeps its history, write source.query with the parameter"
        " :ds, and any day can be read",
        dataset=dataset,
        ds=ds,
    )
