"""The current clean revisions of the partitions around one: each read and verified once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from include.adapters.lake import Lake
from include.adapters.lake_manifests import CleanManifest

_ONE_DAY = timedelta(days=1)


class Neighbours:
    """Remembers what it found, except what the run itself may yet write: its dataset from `first` on."""

    def __init__(self, lake: Lake, dataset: str, first: date) -> None:
        self._lake = lake
        self._dataset = dataset
        self._first = first
        self._known: dict[tuple[str, date], CleanManifest | None] = {}
        self._verified: set[Path] = set()

    def on(self, dataset: str, ds: date) -> CleanManifest | None:
        """Return the current clean revision of a day, None where there is none."""
        if dataset == self._dataset and ds >= self._first:
            return self._lake.clean_manifest(dataset, ds)
        if (dataset, ds) not in self._known:
            self._known[dataset, ds] = self._lake.clean_manifest(dataset, ds)
        return self._known[dataset, ds]

    def between(self, dataset: str, first: date, last_exclusive: date) -> list[CleanManifest]:
        """Return the current clean revisions of a range of days, days ascending."""
        return [manifest for ds in _days(first, last_exclusive) if (manifest := self.on(dataset, ds))]

    def path(self, manifest: CleanManifest) -> Path:
        """Return where the clean rows lie; `IntegrityError` unless the bytes are those recorded."""
        path = self._lake.clean_path(manifest)
        if path not in self._verified:
            self._verified.add(self._lake.verified_clean(manifest))
        return path


def _days(first: date, last_exclusive: date) -> Iterator[date]:
    return (first + _ONE_DAY * number for number in range((last_exclusive - first).days))
