"""Write what is in quarantine to a file that a person can mend and replay."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from include.adapters.arrow_columns import arrow_schema
from include.adapters.lake import Lake
from include.adapters.replay_file import write_replay_file
from include.contracts import QuarantineExport
from include.core.partition import ONE_DAY
from include.core.replay import mendable
from include.errors import ReplayError
from include.settings import Settings
from include.specs import DatasetSpec, Specs
from include.specs.dataset import QUARANTINE_COLUMNS

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, dataset: str, first: date, last: date) -> QuarantineExport:
    """Write the quarantined rows of a range of days, with the rules they broke, as one CSV file.

    Parameters
    ----------
    settings
        Where lake and reports lie.
    specs
        All specs.
    dataset, first, last
        Whose quarantine, from which day to which, both inclusive.

    Returns
    -------
    QuarantineExport
        Where the file lies and how many rows it has.

    Raises
    ------
    FatalError
        Where the days are not ones the dataset has rows for.
    ReplayError
        Where a day was read with other columns than the spec declares now.
    IntegrityError
        Where stored bytes are not those recorded.
    """
    spec = specs.dataset(dataset)
    spec.require_days(first, last)
    file = f"{dataset}/quarantine/{first}-{last}.csv"
    batches = _rows(Lake(settings.lake_root), spec, first, last)
    rows = write_replay_file(settings.reports_root / file, _schema(spec), batches)
    log.info("exported %d quarantined rows of %s %s to %s", rows, dataset, first, last)
    return QuarantineExport(dataset=dataset, first=first, last=last, rows=rows, file=file)


def _schema(spec: DatasetSpec) -> pa.Schema:
    fields = list(arrow_schema(spec.columns)) + [
        pa.field(n, pa.list_(pa.string())) for n in QUARANTINE_COLUMNS
    ]
    schema: pa.Schema = mendable(pa.schema(fields).empty_table(), date.min).schema
    return schema


def _rows(lake: Lake, spec: DatasetSpec, first: date, last: date) -> Iterator[pa.RecordBatch]:
    for manifest in lake.clean_manifests(spec.dataset, first, last + ONE_DAY):
        quarantine = lake.read_quarantine(manifest)
        if quarantine is not None:
            _require_columns(quarantine, spec, manifest.ds)
            named = quarantine.select([*spec.columns, *QUARANTINE_COLUMNS])
            yield from mendable(named, manifest.ds).to_batches()


def _require_columns(quarantine: pa.Table, spec: DatasetSpec, ds: date) -> None:
    found = {field.name: field.type for field in quarantine.drop_columns(list(QUARANTINE_COLUMNS)).schema}
    if found != {field.name: field.type for field in arrow_schema(spec.columns)}:
        raise ReplayError(
            "the rows in quarantine have other columns than the spec declares now",
            where=f"{spec.dataset} {ds}",
            next_step=f"run {spec.dataset}__load_history over this day, which reads and judges it anew",
        )
