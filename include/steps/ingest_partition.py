"""Read one day of a source into the lake."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from time import perf_counter

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.lake_manifests import RawManifest
from include.adapters.sources import open_source
from include.contracts import PartitionRef
from include.core.partition import ONE_DAY, order_rows
from include.errors import EmptyPartitionError
from include.settings import Settings
from include.specs import DatasetSpec, Specs

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, dataset: str, ds: date) -> PartitionRef:
    """Write the rows of one UTC day as the partition's newest revision.

    A rerun over an unchanged source finds the revision it wrote before and adds nothing.

    Parameters
    ----------
    settings
        Where the lake lies and how to reach the source.
    specs
        All specs.
    dataset, ds
        What to read.

    Returns
    -------
    PartitionRef
        The partition's current revision.

    Raises
    ------
    FatalError
        Where the day is not one the dataset has rows for.
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
    with open_source(settings, spec) as source:
        table = pa.Table.from_batches(source.read(ds, ds + ONE_DAY), source.schema)
        origin = source.describe(ds)
    if not table.num_rows and spec.budgets.min_rows:
        raise _empty(spec, ds, origin)
    manifest = lake.commit_raw(
        dataset,
        ds,
        order_rows(table, spec.key),
        spec.columns,
        origin,
        after=before.revision if before else 0,
    )
    log.info(
        "ingested %s %s: %d rows, revision %d%s, %.2f s",
        dataset, ds, manifest.rows, manifest.revision, " (unchanged)" if manifest == before else "",
        perf_counter() - started,
    )  # fmt: skip
    return partition_ref(manifest)


def partition_ref(manifest: RawManifest) -> PartitionRef:
    """Return the reference that names a raw revision."""
    return PartitionRef(
        dataset=manifest.dataset,
        ds=manifest.ds,
        revision=manifest.revision,
        rows=manifest.rows,
        content_sha256=manifest.content_sha256,
    )


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
