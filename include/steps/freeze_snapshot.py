"""Freeze what a model trains on."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from time import perf_counter

from include.adapters.dvc_listing import TrackedFile, build_listings, content_hash
from include.adapters.dvc_registry import freeze
from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest
from include.contracts import SnapshotRef
from include.core.look_back import look_backs, require_every_day
from include.errors import MissingPartitionError
from include.settings import Settings
from include.specs import Specs

log = logging.getLogger(__name__)


def run(settings: Settings, specs: Specs, model: str, as_of: date, *, verify: bool = False) -> SnapshotRef:
    """Freeze the clean partitions of the training window that ends before `as_of`.

    The content decides the name: the same partitions give the same tag and commit.

    Parameters
    ----------
    settings
        The installation.
    specs
        All sound specs.
    model
        Which model's datasets are frozen.
    as_of
        The first day that is not in the snapshot.
    verify
        Read back what the snapshot storage has of it, and write anew what is lost.

    Raises
    ------
    MissingPartitionError
        When a dataset has no clean partition in the window, or lacks a day that derived features look
        back at.
    IntegrityError
        When the file of a partition that must be written is gone or holds other bytes.
    """
    started = perf_counter()
    spec = specs.model(model)
    first = as_of - timedelta(days=spec.training.window)
    lake = Lake(settings.lake_root)
    manifests = {name: _clean(lake, name, first, as_of) for name in spec.datasets}
    for name, days in look_backs(spec.derived).items():
        manifests[name] = _clean(lake, name, first - timedelta(days=days), as_of)
        found = {manifest.ds for manifest in manifests[name]}
        require_every_day(specs.dataset(name), found, first - timedelta(days=days), as_of)
    files = {
        name: {f"{m.ds}.parquet": TrackedFile(lake.clean_path(m), m.content_md5) for m in found}
        for name, found in manifests.items()
    }
    every = [manifest for found in manifests.values() for manifest in found]
    tag = _tag(model, files, max(manifest.ds for manifest in every))
    message = f"{model}: {len(every)} partitions before {as_of}"
    frozen = freeze(
        settings.snapshot_registry, files, tag, message, settings.work_root,
        storage=settings.snapshot_storage(), verify=verify,
    )  # fmt: skip
    rows = sum(manifest.rows for manifest in every)
    log.info(
        "%s frozen as %s: %d partitions, %d rows, %d new objects, %.1f s",
        model, tag, len(every), rows, frozen.new_objects, perf_counter() - started,
    )  # fmt: skip
    return SnapshotRef(
        model=model,
        as_of=as_of,
        tag=tag,
        commit=frozen.commit,
        content_hash=frozen.content_hash,
        listings=frozen.listings,
        partitions=len(every),
        rows=rows,
        first=first,
    )


def _clean(lake: Lake, dataset: str, first: date, as_of: date) -> list[CleanManifest]:
    found = lake.clean_manifests(dataset, first, as_of)
    if not found:
        raise MissingPartitionError(
            "there is no clean partition in the training window",
            where=f"dataset {dataset}, {first} to {as_of - timedelta(days=1)}",
            next_step=f"trigger the DAG {dataset}__load_history for it, or wait for {dataset}__ingest",
        )
    return found


def _tag(model: str, files: dict[str, dict[str, TrackedFile]], last: date) -> str:
    oids = {name: listing.oid for name, listing in build_listings(files).items()}
    return f"{model}/{last}-{content_hash(oids)[:8]}"
