"""Remove snapshots that no model version needs and no rule keeps."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter

from sqlalchemy import Connection

from include.adapters import warehouse
from include.adapters.dvc_garbage import Garbage, collect_garbage
from include.adapters.git_registry import Tag
from include.adapters.mlflow_snapshots import snapshots_of_versions
from include.contracts import GarbageResult
from include.core.retention import kept_by_rule
from include.errors import IntegrityError, name_some
from include.settings import Settings

log = logging.getLogger(__name__)

GRACE = timedelta(days=1)
"""Objects written in so long before `as_of`, or later, stay: a snapshot may be about to name them."""
_NAMED = 100


def run(settings: Settings, as_of: date, *, newest: int, days: int, dry_run: bool) -> GarbageResult:
    """Remove tags and objects of the data registry that nobody needs.

    What stays: the snapshots of all registered model versions and of all that ever served, and those that
    `core.retention` keeps. Another collection at the same time waits.

    Parameters
    ----------
    settings
        The installation.
    as_of
        The day from which ages are counted back.
    newest, days
        See `kept_by_rule`.
    dry_run
        Change nothing, only say what would go.

    Raises
    ------
    IntegrityError
        When MLflow does not know a version that serves, or a kept snapshot cannot be read; nothing was
        removed then.
    """
    started = perf_counter()
    written_before = datetime.combine(as_of, time.min, UTC) - GRACE
    with warehouse.transaction(settings) as conn:
        warehouse.name_lock(conn, "snapshot garbage")

        def keep(tags: list[Tag]) -> set[str]:
            frozen = {tag.name: tag.committed for tag in tags}
            return _needed(settings, conn) | kept_by_rule(frozen, newest=newest, days=days, as_of=as_of)

        found = collect_garbage(
            settings.snapshot_registry, keep, written_before, settings.work_root,
            dry_run=dry_run, storage=settings.snapshot_storage(),
        )  # fmt: skip
    _report(found, dry_run, perf_counter() - started)
    return GarbageResult(
        as_of=as_of,
        dry_run=dry_run,
        tags=len(found.tags),
        removed_tags=found.tags[:_NAMED],
        objects=len(found.objects),
        bytes=sum(found.objects.values()),
        kept_tags=found.kept_tags,
        kept_objects=found.kept_objects,
    )


def _needed(settings: Settings, conn: Connection) -> set[str]:
    """Return the tags that model versions were trained on; read anew at each attempt."""
    served, registered = warehouse.served_snapshots(conn), snapshots_of_versions(settings)
    champions = {model: warehouse.current_champion(conn, model) for model, _ in served}
    unknown = [
        f"{model} version {champion.version}"
        for model, champion in champions.items()
        if champion is not None and (model, champion.version) not in registered
    ]
    if unknown:
        raise IntegrityError(
            f"MLflow does not know what serves: {name_some(unknown)}",
            where=settings.mlflow_tracking_uri,
            next_step="check that this is the MLflow server the warehouse belongs to; nothing was removed",
        )
    return {*served.values(), *registered.values()}


def _report(found: Garbage, dry_run: bool, seconds: float) -> None:
    for tag in found.tags:
        log.info("%s tag %s", "would remove" if dry_run else "removed", tag)
    if found.finished_objects:
        log.info("finished a collection that was stopped: %d objects", found.finished_objects)
    log.info(
        "%s %d tags and %d objects of %.1f MB; %d tags and %d objects stay, %.1f s",
        "would remove" if dry_run else "removed",
        len(found.tags), len(found.objects), sum(found.objects.values()) / 1e6,
        found.kept_tags, found.kept_objects, seconds,
    )  # fmt: skip
