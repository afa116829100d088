"""Days of the dataset `stays` put straight into a lake, raw and clean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from include.adapters.arrow_columns import arrow_schema
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest
from include.adapters.row_order import order_rows
from include.specs import DatasetSpec
from tests.support.partitions import commit_clean


def put_raw(lake: Lake, spec: DatasetSpec, ds: date, rows: Iterable[Mapping[str, Any]]) -> RawManifest:
    """Commit a day as read from its source."""
    table = pa.Table.from_pylist([dict(row) for row in rows], arrow_schema(spec.columns))
    origin = {"table": spec.dataset}
    return lake.commit_raw(spec.dataset, ds, order_rows(table, spec.key), spec.columns, origin)


def put_clean(lake: Lake, spec: DatasetSpec, ds: date, rows: Iterable[Mapping[str, Any]]) -> CleanManifest:
    """Commit a day all of whose rows are clean."""
    raw = put_raw(lake, spec, ds, rows)
    return commit_clean(lake, raw, lake.read_raw(raw))
