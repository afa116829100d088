"""Write a chunk of a source's days into the lake: one read for many days, each as if it came alone."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.lake_manifests import RawManifest
from include.core.partition import days_between, split_by_day
from include.errors import EmptyPartitionError
from include.steps.ingest_partition import write_day, write_rows
from include.steps.read_days import WatchedSource

log = logging.getLogger(__name__)


def write_chunk(
    work_root: Path,
    lake: Lake,
    source: WatchedSource,
    low: date,
    high: date,
    only: frozenset[date] | None = None,
) -> list[RawManifest]:
    """Write the days from `low` up to, not including, `high`; of them `only` some, where it is given.

    Days without rows are left out, unless the budget allows them. The rows of several days are held in
    memory at once; those of a single day need not fit.

    Returns
    -------
    list of RawManifest
        The current revision of each day written, days ascending.
    """
    days = [day for day in days_between(low, high) if only is None or day in only]
    before = {manifest.ds: manifest for manifest in lake.raw_manifests(source.spec.dataset, low, high)}
    if (high - low).days == 1:
        written = [_write_alone(work_root, lake, source, day, before.get(day)) for day in days]
    else:
        rows = _read(source, low, high)
        written = [
            write_rows(work_root, lake, source, day, rows[day].to_batches(), before.get(day))
            for day in days
            if day in rows
        ]
    found = [manifest for manifest in written if manifest is not None]
    _name_lost([before[day] for day in days if day in before], found)
    return found


def _write_alone(
    work_root: Path, lake: Lake, source: WatchedSource, day: date, before: RawManifest | None
) -> RawManifest | None:
    try:
        return write_day(work_root, lake, source, day, before)
    except EmptyPartitionError:
        return None


def _read(source: WatchedSource, low: date, high: date) -> dict[date, pa.Table]:
    spec, schema = source.spec, source.source.schema
    rows = pa.Table.from_batches(source.read(low, high), schema)
    by_day = split_by_day(rows, spec.event_time)
    if spec.budgets.min_rows:
        return by_day
    return {day: by_day.get(day, schema.empty_table()) for day in days_between(low, high)}


def _name_lost(before: list[RawManifest], found: list[RawManifest]) -> None:
    """Say which days have rows in the lake that the source does not know any more."""
    still_there = {manifest.ds for manifest in found}
    for manifest in before:
        if manifest.rows and manifest.ds not in still_there:
            log.warning(
                "%s %s: the source has no row of this day any more; its %d rows in the lake stand",
                manifest.dataset, manifest.ds, manifest.rows,
            )  # fmt: skip
