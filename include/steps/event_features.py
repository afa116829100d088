"""The rows of a clean partition with their derived features, as scoring and the weekly check read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.core.feature_sql import event_sql, rows_of
from include.core.look_back import look_backs, require_every_day
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.specs.derived import Derived


def read_events(
    settings: Settings, specs: Specs, lake: Lake, manifest: CleanManifest, derived: Sequence[Derived]
) -> pa.Table:
    """Read a clean partition and compute features from the days before it, as training did.

    Parameters
    ----------
    settings, specs
        The installation and its specs.
    lake
        Where partitions lie.
    manifest
        The partition.
    derived
        The features to compute; none is fine.

    Returns
    -------
    pa.Table
        The partition's rows in their order, with a column more for each feature.

    Raises
    ------
    MissingPartitionError
        When days that are looked back at were never written; names them.
    IntegrityError
        When a file does not hold the bytes that were recorded.
    """
    rows = lake.read_clean(manifest)
    return _with_features(settings, specs, lake, manifest, derived, rows) if derived else rows


def _with_features(
    settings: Settings,
    specs: Specs,
    lake: Lake,
    manifest: CleanManifest,
    derived: Sequence[Derived],
    rows: pa.Table,
) -> pa.Table:
    # Here and not above: models without derived features need not load DuckDB.
    from include.adapters.feature_rows import PartitionFiles, open_rows
    from include.steps.window_bounds import window_bounds

    base = specs.dataset(manifest.dataset)
    days = {base.dataset: 0} | look_backs(derived)
    files = {
        rows_of(name): PartitionFiles(
            specs.dataset(name).columns, _paths(specs.dataset(name), lake, manifest, back)
        )
        for name, back in days.items()
    }
    where = f"dataset {manifest.dataset}, {manifest.ds}"
    with open_rows(files, settings.work_root, where) as database:
        bounds = window_bounds(database, specs.datasets, derived)
        sql = event_sql(base, specs.datasets, derived, [], manifest.ds, bounds)
        found = database.table(sql.setup, sql.in_order([one.name for one in derived]))
    for name in found.column_names:
        rows = rows.append_column(name, found[name])
    return rows


def _paths(dataset: DatasetSpec, lake: Lake, manifest: CleanManifest, look_back: int) -> dict[date, Path]:
    """Return a dataset's files from `look_back` days before the partition up to its own day."""
    first, end = manifest.ds - timedelta(days=look_back), manifest.ds + timedelta(days=1)
    found = {one.ds: one for one in lake.clean_manifests(dataset.dataset, first, end)}
    if dataset.dataset == manifest.dataset:
        found[manifest.ds] = manifest
    require_every_day(dataset, found, first, end)
    return {day: lake.verified_clean(one) for day, one in found.items()}
