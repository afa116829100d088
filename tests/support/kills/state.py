"""What an installation holds: rows by place for people to count, and all bytes for a machine to compare."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.dvc_listing import Listing, read_pointer
from include.adapters.dvc_store import holds
from include.adapters.git_registry import run_git
from include.adapters.lake import Lake
from include.errors import IntegrityError
from tests.support.sources import all_files

Rows: TypeAlias = Counter[str]
Places: TypeAlias = dict[str, Rows]

_LEFT_BEHIND = re.compile(r"(.*/)?\.[^/]*\.tmp")


@dataclass(frozen=True)
class Harm:
    """Rows that are not as they should be.

    Attributes
    ----------
    lost
        Rows that are not there.
    doubled
        Rows that are there more often than they should be.
    mixed
        Rows that should not be where they are.
    """

    lost: int = 0
    doubled: int = 0
    mixed: int = 0

    def __add__(self, other: Harm) -> Harm:
        return Harm(self.lost + other.lost, self.doubled + other.doubled, self.mixed + other.mixed)

    @property
    def rows(self) -> int:
        return self.lost + self.doubled + self.mixed


def read_places(root: Path) -> Places:
    """Read the rows of all current partitions and of all snapshots, as a reader of each would find them.

    A place that cannot be read, or not as it was recorded, holds no rows.
    """
    return {**dict(_partitions(root / "lake")), **dict(_snapshots(root))}


def harm_to(found: Places, *allowed: Places) -> Harm:
    """Compare each place with what it held in the states that it may be in; the nearest one counts."""
    names = {name for places in (found, *allowed) for name in places}
    sides = [(found.get(name, Counter()), [one.get(name, Counter()) for one in allowed]) for name in names]
    return sum((min((_harm(rows, a) for a in all_), key=lambda h: h.rows) for rows, all_ in sides), Harm())


def read_bytes(root: Path) -> dict[str, bytes]:
    """Read every file of lake, pages and snapshots, and what the registry's names stand for.

    Left out are the nameless files of the dead, which no reader looks at.
    """
    folders = [name for name in ("lake", "reports", "storage") if (root / name).is_dir()]
    files = {
        f"{folder}/{name}": text for folder in folders for name, text in all_files(root / folder).items()
    }
    named = {name: text for name, text in files.items() if not _LEFT_BEHIND.fullmatch(name)}
    registry = root / "registry.git"
    refs = run_git(registry, "for-each-ref") if registry.is_dir() else ""
    return {**named, "registry": refs.encode()}


def differences(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """Name the files that are not the same."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def is_current(root: Path) -> dict[str, str]:
    """Return the hashes that current manifests name, whatever the numbers of their revisions."""
    lake, found = Lake(root / "lake"), {}
    for dataset, ds in _days(lake.root):
        for manifest in (lake.raw_manifest(dataset, ds), lake.clean_manifest(dataset, ds)):
            if manifest is not None:
                refused = getattr(manifest, "quarantine_sha256", None)
                found[f"{dataset} {ds} {type(manifest).__name__}"] = f"{manifest.content_sha256} {refused}"
    return found


def _harm(found: Rows, expected: Rows) -> Harm:
    surplus = found - expected
    doubled = sum(count for row, count in surplus.items() if row in expected)
    return Harm((expected - found).total(), doubled, surplus.total() - doubled)


def _partitions(lake_root: Path) -> Iterator[tuple[str, Rows]]:
    lake = Lake(lake_root)
    for dataset, ds in _days(lake_root):
        raw, clean = lake.raw_manifest(dataset, ds), lake.clean_manifest(dataset, ds)
        try:
            if raw is not None:
                yield f"{dataset} {ds} as read", _rows(lake.read_raw(raw), "raw")
            if clean is not None:
                refused = lake.read_quarantine(clean)
                kept = _rows(lake.read_clean(clean), "clean")
                yield f"{dataset} {ds} judged", kept + _rows(refused, "quarantine")
        except IntegrityError:
            continue


def _days(lake_root: Path) -> list[tuple[str, date]]:
    return sorted((path.parent.name, date.fromisoformat(path.name)) for path in lake_root.glob("*/*/"))


def _rows(table: pa.Table | None, side: str) -> Rows:
    return Counter() if table is None else Counter(f"{side} {row}" for row in table.to_pylist())


def _snapshots(root: Path) -> Iterator[tuple[str, Rows]]:
    registry = root / "registry.git"
    for tag in run_git(registry, "tag").split() if registry.is_dir() else []:
        for name in run_git(registry, "ls-tree", "--name-only", tag).split():
            if Path(name).suffix == ".dvc":  # not the folder of that name
                pointer = read_pointer(run_git(registry, "show", f"{tag}:{name}"))
                for file, path in _frozen_files(root / "storage", pointer.values()):
                    yield f"{tag} {name} {file}", _rows(pq.read_table(path), "frozen") if path else Counter()


def _frozen_files(storage: Path, listings: Iterable[str]) -> Iterator[tuple[str, Path | None]]:
    for oid in listings:
        listing = _sound(storage, oid)
        if listing is None:
            yield oid, None
            continue
        for file, md5 in Listing.parse(listing.read_bytes()).files.items():
            yield file, _sound(storage, md5)


def _sound(storage: Path, oid: str) -> Path | None:
    path = storage / "files" / "md5" / oid[:2] / oid[2:]
    return path if path.is_file() and holds(path, oid) else None
