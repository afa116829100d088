"""Which days features look back at, and which of them are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from include.errors import MissingPartitionError, name_some
from include.specs.dataset import DatasetSpec
from include.specs.derived import Derived


def look_backs(derived: Iterable[Derived]) -> dict[str, int]:
    """Return how many days before an event each dataset is looked at."""
    days: dict[str, int] = {}
    for one in derived:
        days[one.dataset] = max(days.get(one.dataset, 0), one.look_back)
    return days


def require_every_day(
    dataset: DatasetSpec,
    found: Collection[date],
    first: date,
    last_exclusive: date,
    next_step: str | None = None,
) -> None:
    """Refuse a range with holes: features of different events would be computed from unlike windows.

    Days before the dataset's first and after its last have no rows, and are not missed. By default the
    next step is to load the missing days.

    Raises
    ------
    MissingPartitionError
        Names the days.
    """
    begin = max(first, dataset.start)
    end = last_exclusive if dataset.end is None else min(last_exclusive, dataset.end + timedelta(days=1))
    days = (begin + timedelta(days=number) for number in range((end - begin).days))
    missing = [day for day in days if day not in found]
    if missing:
        raise MissingPartitionError(
            f"{len(missing)} clean partitions that derived features look back at are missing:"
            f" {name_some(missing)}",
            where=f"dataset {dataset.dataset}, {begin} to {end - timedelta(days=1)}",
            next_step=next_step
            or f"trigger the DAG {dataset.dataset}__load_history for these days, then run this again; if they"
            " really have no rows, set the dataset's budgets.min_rows to 0 before",
            dataset=dataset.dataset,
            missing=missing,
        )
