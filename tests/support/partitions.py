"""Writing partitions straight into the lake, for tests that start behind ingest and validation."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest, RawManifest


def commit_clean(
    lake: Lake, raw: RawManifest, clean: pa.Table, quarantine: pa.Table | None = None, **facts: Any
) -> CleanManifest:
    """Record a split of a raw revision; by default all its rows are clean. `facts` replace the record's."""
    refused = clean.slice(0, 0) if quarantine is None else quarantine
    record = {"contract_sha256": "c" * 64, "warned_rows": 0, "rules": [], "report": "", **facts}
    with lake.draft_clean(raw, clean.schema, refused.schema) as draft:
        draft.clean.write(clean)
        draft.quarantine.write(refused)
        return lake.commit_clean(draft, **record)
