"""Read one day of a source into the lake."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from time import perf_counter

import pyarrow as pa

from include.adapters.lake import Comparison, Lake
from include.adapters.lake_manifests import RawManifest
from include.adapters.sources import open_source
from include.contracts import PartitionRef, RowChanges
from include.core.partition import ONE_DAY
from include.core.present_state import require_present
from include.errors import EmptyPartitionError
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.steps.corrected_rows import CorrectedRows
from include.steps.read_days import WatchedSource

log = logging.getLogger(__name__)


def run(
    settings: Settings, specs: Specs, dataset: str, ds: date, read_at: datetime | None = None
) -> PartitionRef:
    """Write the rows of one UTC day as the partition's newest revision.

    A rerun over an unchanged source finds the revision it wrote before and adds nothing. Memory does not
    grow with the number of rows. Of a source that holds only its present state, a partition that is there
    stands: the source is not read again.

    Parameters
    ----------
    settings
        Where the lake lies and how to reach the source.
    specs
        All specs.
    dataset, ds
        What to read.
    read_at
        The present, for sources that hold nothing else; None where the run works for the past.

    Returns
    -------
    PartitionRef
        The partition's current revision.

    Raises
    ------
    FatalError
        Where the day is not one the dataset has rows for, or the source cannot tell its state any more.
    EmptyPartitionError
        Where the source has no rows for the day and the budget asks for some; nothing is written.
    SourceError, SourceUnavailableError, SettingsError
        From the source.
    ConcurrentWriteError
        Where another run wrote the partition meanwhile.
    """
    started = perf_counter()
    spec = specs.dataset(dataset)
    spec.require_days(ds, ds)
    lake = Lake(settings.lake_root)
    before = lake.raw_manifest(dataset, ds)
    if spec.holds_only_present:
        if before is not None:
            log.info("%s %s stands: the source holds only its present state", dataset, ds)
            return partition_ref(before)
        require_present(dataset, ds, read_at)
    with open_source(settings, spec) as source:
        manifest = write_day(settings.work_root, lake, WatchedSource(source, lake), ds, before)
    log.info(
        "ingested %s %s: %d rows, revision %d%s, %.2f s",
        dataset, ds, manifest.rows, manifest.revision, _what_changed(manifest, before),
        perf_counter() - started,
    )  # fmt: skip
    return partition_ref(manifest)


def write_day(
    work_root: Path, lake: Lake, source: WatchedSource, ds: date, before: RawManifest | None
) -> RawManifest:
    """Write one day of an open source as the revision after `before`; see `run`."""
    return write_rows(work_root, lake, source, ds, _rows_of(source, ds), before)


def write_rows(
    work_root: Path,
    lake: Lake,
    source: WatchedSource,
    ds: date,
    batches: Iterable[pa.RecordBatch],
    before: RawManifest | None,
) -> RawManifest:
    """Write rows that an open source gave for a day as the revision after `before`."""
    spec = source.spec
    corrected = CorrectedRows(lake.root, spec, ds)
    every = corrected.apply(batches)
    with lake.draft_raw(spec.dataset, ds, every, source.source.schema, spec.key, work_root) as draft:
        return lake.commit_raw(
            spec.dataset,
            ds,
            draft,
            spec.columns,
            {**source.source.describe(ds), **corrected.origin},
            source_columns=source.columns,
            compare=comparison(spec, work_root),
            after=before.revision if before else 0,
        )


def _rows_of(source: WatchedSource, ds: date) -> Iterator[pa.RecordBatch]:
    rows_before = source.rows
    yield from source.read(ds, ds + ONE_DAY)
    if source.rows == rows_before and source.spec.budgets.min_rows:
        raise _empty(source.spec, ds, source.source.describe(ds))


def comparison(spec: DatasetSpec, work_root: Path) -> Comparison:
    """Return what counts the changes between two revisions of a dataset's partitions."""

    def compare(old: Path, new: Path) -> RowChanges:
        # Here and not above: most partitions have one revision, and DuckDB takes its time to load.
        from include.adapters.partition_changes import compare_files

        return compare_files(old, new, spec.key, work_root)

    return compare


def partition_ref(manifest: RawManifest) -> PartitionRef:
    """Return the reference that names a raw revision."""
    return PartitionRef(
        dataset=manifest.dataset,
        ds=manifest.ds,
        revision=manifest.revision,
        rows=manifest.rows,
        content_sha256=manifest.content_sha256,
        changes=manifest.changes,
    )


def _what_changed(manifest: RawManifest, before: RawManifest | None) -> str:
    if manifest == before:
        return " (unchanged)"
    return "" if manifest.changes is None else f": {manifest.changes}"


def _empty(spec: DatasetSpec, ds: date, origin: Mapping[str, str]) -> EmptyPartitionError:
    return EmptyPartitionError(
        f"the source has no row with {spec.event_time} on this day (UTC); looked in"
        f" {', '.join(f'{name} {value}' for name, value in origin.items())}",
        where=f"{spec.dataset} {ds}",
        next_step="if the source is late, clear this task once it has the day; if days without rows are"
        " normal, set budgets.min_rows to 0",
        dataset=spec.dataset,
        ds=ds,
    )
