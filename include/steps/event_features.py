"""The rows of a clean partition with their derived features, as scoring and the weekly check read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from include.adapters.feature_rows import PartitionFiles, open_rows
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
    if not derived:
        return rows
    base = specs.dataset(manifest.dataset)
    files = {name: _files(specs, lake, name, manifest, days) for name, days in look_backs(derived).items()}
    files.setdefault(base.dataset, _files(specs, lake, base.dataset, manifest, 0))
    sql = event_sql(base, specs.datasets, derived, [], first=manifest.ds)
    views = {rows_of(name): one for name, one in files.items()}
    where = f"dataset {manifest.dataset}, {manifest.ds}"
    with open_rows(views, settings.work_root, where) as database:
        found = database.table(sql.setup, sql.in_order([one.name for one in derived]))
    for name in found.column_names:
        rows = rows.append_column(name, found[name])
    return rows


def _files(specs: Specs, lake: Lake, dataset: str, manifest: CleanManifest, look_back: int) -> PartitionFiles:
    """Return a dataset's partitions from `look_back` days before the partition up to its own day."""
    first, end = manifest.ds - timedelta(days=look_back), manifest.ds + timedelta(days=1)
    spec: DatasetSpec = specs.dataset(dataset)
    found = {one.ds: one for one in lake.clean_manifests(dataset, first, end)}
    if dataset == manifest.dataset:
        found[manifest.ds] = manifest
    require_every_day(spec, found, first, end)
    return PartitionFiles(spec.columns, {day: lake.verified_clean(one) for day, one in found.items()})
