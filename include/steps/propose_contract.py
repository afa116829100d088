"""Propose a contract from the days of a dataset that are in the lake."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

from include.adapters.column_profile import ProfiledFiles
from include.adapters.lake import Lake
from include.adapters.spilling_duckdb import open_duckdb
from include.core.partition import ONE_DAY
from include.core.proposal import (
    MOST_MEMBERS,
    ColumnProfile,
    DatasetProfile,
    DayProfile,
    propose_contract,
)
from include.errors import MissingPartitionError
from include.specs import ColumnType, DatasetSpec

log = logging.getLogger(__name__)


def run(lake_root: Path, work_root: Path, spec: DatasetSpec, first: date, last: date) -> str:
    """Profile the rows as read of a range of days and write the sections of a dataset's YAML that judge them.

    Parameters
    ----------
    lake_root, work_root
        Where the partitions lie, and where DuckDB may spill.
    spec
        The dataset.
    first, last
        The days to learn from, both inclusive; those that were never ingested are left out.

    Returns
    -------
    str
        YAML for a person to edit.

    Raises
    ------
    MissingPartitionError
        Where none of the days has rows, or they were ingested with other columns.
    IntegrityError
        Where stored bytes are not those recorded.
    """
    spec.require_days(first, last)
    lake = Lake(lake_root)
    manifests = [
        m for m in lake.raw_manifests(spec.dataset, first, last + ONE_DAY) if m.columns == spec.columns
    ]
    if not any(manifest.rows for manifest in manifests):
        raise MissingPartitionError(
            f"no row of {first} to {last} is in the lake with the columns the spec declares",
            where=f"dataset {spec.dataset}",
            next_step=f"run {spec.dataset}__load_history for these days first",
        )
    files = {manifest.ds: lake.verified_raw(manifest) for manifest in manifests}
    with open_duckdb(work_root) as connection:
        profile = _profile(ProfiledFiles(connection, files), spec)
    log.info("profiled %d rows of %d days of %s", profile.rows, len(profile.days), spec.dataset)
    return propose_contract(spec, profile)


def _profile(files: ProfiledFiles, spec: DatasetSpec) -> DatasetProfile:
    return DatasetProfile(
        columns={name: _column(files, name, kind) for name, kind in spec.columns.items()},
        days=[DayProfile(ds, rows, newest) for ds, (rows, newest) in files.days(spec.event_time).items()],
        repeated_keys=files.repeated_keys(spec.key),
        returning_keys=files.returning_keys(spec.key),
    )


def _column(files: ProfiledFiles, name: str, kind: ColumnType) -> ColumnProfile:
    nulls, low, high = files.column(name, kind)
    members = files.members(name, MOST_MEMBERS) if kind is ColumnType.STRING else None
    return ColumnProfile(nulls, low, high, members)
