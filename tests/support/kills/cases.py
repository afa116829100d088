"""The steps that are killed: an installation right before each, small enough to be copied for every kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.adapters import ordered_rows, range_sort
from include.adapters.dvc_registry import create_registry
from include.adapters.lake import Lake
from include.adapters.sources import sql
from include.settings import Settings
from include.specs import Specs
from include.steps import (
    freeze_snapshot,
    ingest_partition,
    load_history,
    replay_quarantine,
    validate_partition,
)
from include.steps.ingest_partition import partition_ref
from tests.support.shop import FIRST, Shop, shop_specs
from tests.support.sources import DAY, inn_settings, put_stays, sqlite_url, stay, stays_specs
from tests.support.two_days import NEXT, REASON, load_two_days, mended, mending_specs, move_one, put_two_days

ROWS = 60
LOADED = [DAY + timedelta(days=n) for n in range(6)]
FROZEN = FIRST + timedelta(days=33)
"""The first snapshot ends in one month, the second goes into the next."""


@dataclass(frozen=True)
class Case:
    """A step and what comes before it; both get the root of an installation."""

    step: str
    prepare: Callable[[Path], None]
    run: Callable[[Path], object]


def shrink() -> None:
    """Take the ways of large data with few rows: batches, sorting through files, chunks of a history."""
    ordered_rows.HELD_BYTES = -1
    sql.BATCH_ROWS = range_sort.BATCH_ROWS = ordered_rows.BATCH_ROWS = 10
    range_sort._SAMPLED = 3
    load_history.CHUNK_DAYS = 2


def inn(root: Path) -> Settings:
    """Return an installation whose source lies in its own folder."""
    return inn_settings(root, sqlite_url(root))


def put(root: Path, version: int) -> None:
    """Fill the source for the ingest of a first or a second revision."""
    rows = [stay(n * 37 % ROWS, guest=f"guest {n}", price=2.0 * n) for n in range(ROWS)]
    if version == 2:
        rows = [*rows[5:], stay(500), {**rows[0], "price": 1.0}]
    put_stays(sqlite_url(root), rows)


def checked_specs() -> Specs:
    """Return a dataset whose partitions are held against each other too."""
    unique = {"check": "unique_across_partitions", "columns": ["stay_id"], "days": "3d"}
    return stays_specs(checks=[{**unique, "severity": "quarantine"}])


def ingest(root: Path) -> object:
    return ingest_partition.run(inn(root), checked_specs(), "stays", DAY)


def validate(root: Path) -> object:
    manifest = Lake(inn(root).lake_root).raw_manifest("stays", DAY)
    if manifest is None:
        raise LookupError("nothing to validate")
    return validate_partition.run(inn(root), checked_specs(), partition_ref(manifest), "run")


def before_second_ingest(root: Path) -> None:
    put(root, 1)
    ingest(root)
    put(root, 2)


def before_second_validation(root: Path) -> None:
    before = DAY - timedelta(days=1)
    put_stays(sqlite_url(root), [stay(n, before) for n in (1, 2, 900)])
    load_history.run(inn(root), checked_specs(), "stays", before, before)
    put(root, 1)
    ingest(root)
    validate(root)
    put(root, 2)
    ingest(root)


def before_history(root: Path) -> None:
    put_stays(sqlite_url(root), [stay(n, day, price=20.0 * n) for day in LOADED for n in range(1, 8)])


def load(root: Path) -> object:
    return load_history.run(inn(root), stays_specs(), "stays", LOADED[0], LOADED[-1])


def before_first_snapshot(root: Path) -> None:
    create_registry(root / "registry.git", root / "storage")
    Shop(inn(root), "shop").write_days(FIRST, FROZEN + timedelta(days=1), rows=5)


def before_second_snapshot(root: Path) -> None:
    before_first_snapshot(root)
    freeze(root, FROZEN - timedelta(days=3))


def freeze(root: Path, as_of: date = FROZEN) -> object:
    return freeze_snapshot.run(inn(root), shop_specs("shop"), "shop", as_of)


def before_replay(root: Path) -> None:
    put_two_days(sqlite_url(root))
    load_two_days(inn(root), mending_specs())
    mended(inn(root), mending_specs(), root / "mended.csv", move_one)


def replay(root: Path) -> object:
    file = str(root / "mended.csv")
    return replay_quarantine.run(inn(root), mending_specs(), "stays", DAY, NEXT, file, REASON, dry_run=False)


CASES = {
    case.step: case
    for case in (
        Case("ingest, first revision", lambda root: put(root, 1), ingest),
        Case("ingest, second revision", before_second_ingest, ingest),
        Case("validate", before_second_validation, validate),
        Case("history load", before_history, load),
        Case("snapshot, first", before_first_snapshot, freeze),
        Case("snapshot, second", before_second_snapshot, freeze),
        Case("replay", before_replay, replay),
    )
}
