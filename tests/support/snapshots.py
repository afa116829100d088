"""A data registry of a test's own, with its storage in a folder or in a bucket."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from include.adapters.dvc_listing import TrackedFile, build_listings, content_hash
from include.adapters.dvc_reader import SnapshotReader, open_snapshot
from include.adapters.dvc_registry import FrozenSnapshot, create_registry, freeze
from include.contracts import SnapshotRef
from tests.support.s3 import S3Server

Files = dict[str, dict[str, TrackedFile]]
FIRST = date(2017, 3, 1)


@dataclass(frozen=True)
class Place:
    """A registry, what its storage needs to be reached, and the storage seen past DVC."""

    root: Path
    registry: str
    objects: Any
    """An fsspec file system."""
    folder: str
    """Where the objects lie in it."""
    storage: SecretStr | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """What plain DVC needs to reach the storage."""

    @property
    def work(self) -> Path:
        return self.root / "work"

    def freeze(self, files: Files, model: str = "demo", **options: Any) -> FrozenSnapshot:
        oids = {name: listing.oid for name, listing in build_listings(files).items()}
        last = max(Path(name).stem for members in files.values() for name in members)
        tag = f"{model}/{last}-{content_hash(oids)[:8]}"
        return freeze(self.registry, files, tag, "Freeze", self.work, storage=self.storage, **options)

    def open(self, frozen: FrozenSnapshot) -> AbstractContextManager[SnapshotReader]:
        return open_snapshot(self.registry, reference(frozen), self.work, storage=self.storage)

    def read(self, frozen: FrozenSnapshot) -> dict[str, dict[str, bytes]]:
        """All bytes of a snapshot, by dataset and name."""
        with self.open(frozen) as reader:
            return {
                dataset: {name: path.read_bytes() for name, path in reader.paths(dataset).items()}
                for dataset in frozen.listings
            }

    def path(self, oid: str) -> str:
        return f"{self.folder}/files/md5/{oid[:2]}/{oid[2:]}"

    def stored(self) -> set[str]:
        """The names of all objects in the storage."""
        self.objects.invalidate_cache()
        paths = self.objects.find(f"{self.folder}/files/md5")
        return {"".join(path.rsplit("/", 2)[-2:]) for path in paths}

    def lose(self, oid: str) -> None:
        self.objects.rm(self.path(oid))

    def damage(self, oid: str) -> None:
        self.lose(oid)
        self.objects.pipe_file(self.path(oid), b"rotten")


def folder_place(root: Path) -> Place:
    import fsspec

    create_registry(root / "registry.git", root / "storage")
    return Place(root, str(root / "registry.git"), fsspec.filesystem("file"), str(root / "storage"))


def s3_place(root: Path, server: S3Server) -> Place:
    bucket = server.new_bucket()
    create_registry(root / "registry.git", f"s3://{bucket}/snapshots")
    return Place(
        root,
        str(root / "registry.git"),
        server.filesystem(),
        f"{bucket}/snapshots",
        SecretStr(server.connection),
        server.environment,
    )


def tracked(folder: Path, name: str, content: bytes) -> TrackedFile:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{len(content)}"
    path.write_bytes(content)
    return TrackedFile(path, hashlib.md5(content, usedforsecurity=False).hexdigest())


def some_days(folder: Path, days: int, salt: str = "", first: date = FIRST) -> Files:
    """Files of two datasets; the same day and salt always give the same bytes."""
    named = [str(first + timedelta(days=n)) for n in range(days)]
    return {
        dataset: {
            f"{day}.parquet": tracked(folder, f"{dataset}{day}{salt}", f"{dataset} {day}{salt}".encode())
            for day in named
        }
        for dataset in ("bookings", "outcomes")
    }


def contents(files: Files) -> dict[str, dict[str, bytes]]:
    """The bytes of files, as `Place.read` gives them."""
    return {
        dataset: {name: file.path.read_bytes() for name, file in members.items()}
        for dataset, members in files.items()
    }


def reference(frozen: FrozenSnapshot) -> SnapshotRef:
    return SnapshotRef(
        model="demo",
        as_of=date(2017, 4, 1),
        tag=frozen.tag,
        commit=frozen.commit,
        content_hash=frozen.content_hash,
        listings=frozen.listings,
        partitions=1,
        rows=1,
    )


def plain_dvc(place: Place, folder: Path) -> dict[str, str]:
    """The environment of a DVC command line that knows nothing of this machine's settings."""
    private = {
        f"DVC_{kind}_DIR": str(folder / kind) for kind in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")
    }
    return {**os.environ, **private, **place.environment, "DVC_NO_ANALYTICS": "1", "TMPDIR": str(folder)}
