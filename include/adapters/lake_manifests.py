"""The lake's record of its partitions: numbered revision files, the highest number is current.

Light on purpose (standard library and pydantic): a sensor polls `clean_manifest` while it waits.

::

    <root>/<dataset>/<ds>/raw/0001.json      as read from the source
    <root>/<dataset>/<ds>/clean/0001.json    as judged by the contract
    <root>/<dataset>/<ds>/corrections/0001.json    what people put in the place of quarantined rows
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Generic, Literal, TypeVar

from pydantic import ValidationError

from include.adapters.files import create_exclusively
from include.contracts import Contract, Decision, RowChanges
from include.errors import ConcurrentWriteError, IntegrityError

_REVISION = re.compile(r"(\d{4,})\.json")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class RawManifest(Contract):
    """One revision of a partition as read from its source.

    `columns` maps names to the spec's types; `source` names connection, table, event time and the
    bounds that were read. `source_columns` maps all columns that the source has, undeclared ones too, to
    its own words for their types. `changes` compares with the revision before; None for the first, and
    where the bytes of the one before are lost.
    """

    dataset: str
    ds: date
    revision: int
    rows: int
    content_sha256: str
    columns: dict[str, str]
    source: dict[str, str]
    source_columns: dict[str, str] = {}
    changes: RowChanges | None = None


class RuleResult(Contract):
    """How many rows of a partition fail one rule."""

    rule: str
    severity: str
    failed_rows: int


class CleanManifest(Contract):
    """One revision of a partition's clean rows: a function of raw rows and contract.

    `content_md5` is what DVC calls the file; `report` is the result page relative to the reports' root.
    `context_sha256` stands for what checks looked at in other partitions, and `checks` holds what they
    decided about this one as a whole. `run_id` names the Airflow run that wrote the revision first; it is
    no part of what the revision is.
    """

    dataset: str
    ds: date
    revision: int
    raw_sha256: str
    contract_sha256: str
    rows: int
    quarantined_rows: int
    warned_rows: int
    content_sha256: str
    content_md5: str
    quarantine_sha256: str | None
    rules: list[RuleResult]
    report: str
    run_id: str | None = None
    context_sha256: str | None = None
    checks: list[Decision] = []


class CorrectionsManifest(Contract):
    """One revision of the corrections that are put over a partition whenever it is read.

    `files` are the hashes of the files that people replayed, oldest first.
    """

    dataset: str
    ds: date
    revision: int
    rows: int
    content_sha256: str
    columns: dict[str, str]
    files: list[str]


M = TypeVar("M", RawManifest, CleanManifest, CorrectionsManifest)


class ManifestLog(Generic[M]):
    """The revisions of one side, such as raw or clean, of all partitions below a lake's root."""

    def __init__(self, root: Path, side: Literal["raw", "clean", "corrections"], kind: type[M]) -> None:
        self.root = root
        self.side = side
        self.kind: type[M] = kind

    def folder(self, dataset: str, ds: date) -> Path:
        """Return the folder that holds a partition's manifests and data files."""
        return self.root.joinpath(dataset, ds.isoformat(), self.side)

    def current(self, dataset: str, ds: date) -> M | None:
        """Return the newest manifest, None where the partition was never written.

        Raises
        ------
        IntegrityError
            Where the file is not a manifest of this partition.
        """
        revision = _highest_revision(self.folder(dataset, ds))
        return None if revision is None else self._read(dataset, ds, revision)

    def later_revisions(self, dataset: str, ds: date) -> list[M]:
        """Return every recorded revision of a partition after its first, oldest first.

        Raises
        ------
        IntegrityError
            Where a file is not a manifest of this partition.
        """
        found = sorted(_revisions(self.folder(dataset, ds)))
        return [self._read(dataset, ds, revision) for revision in found if revision > 1]

    def _read(self, dataset: str, ds: date, revision: int) -> M:
        path = self.folder(dataset, ds) / _file_name(revision)
        try:
            manifest = self.kind.model_validate_json(path.read_bytes())
        except ValidationError:
            raise _damaged(path) from None
        if (manifest.dataset, manifest.ds, manifest.revision) != (dataset, ds, revision):
            raise _damaged(path)
        return manifest

    def currents(self, dataset: str, first: date, last_exclusive: date) -> list[M]:
        """Return the newest manifests of a range of days, days ascending; days without one are left out."""
        found = (self.current(dataset, day) for day in self._days(dataset) if first <= day < last_exclusive)
        return [manifest for manifest in found if manifest is not None]

    def newest(self, dataset: str) -> M | None:
        """Return the current manifest of the newest day that has one, None where no day has."""
        found = (self.current(dataset, day) for day in reversed(self._days(dataset)))
        return next((manifest for manifest in found if manifest is not None), None)

    def _days(self, dataset: str) -> list[date]:
        names = _names_in(self.root / dataset)
        return sorted(date.fromisoformat(name) for name in names if _DAY.fullmatch(name))

    def append(self, manifest: M) -> None:
        """Record a revision, which must be the one after the current.

        Raises
        ------
        ConcurrentWriteError
            Where another run recorded that number first.
        """
        path = self.folder(manifest.dataset, manifest.ds) / _file_name(manifest.revision)
        text = manifest.model_dump_json(indent=1) + "\n"
        if not create_exclusively(path, text.encode()):
            raise ConcurrentWriteError(
                f"revision {manifest.revision} was written by another run in the meantime",
                where=f"{manifest.dataset} {manifest.ds} ({self.side})",
                next_step="nothing: a retry builds on the newer revision",
            )


def raw_log(root: Path) -> ManifestLog[RawManifest]:
    """Return the record of partitions as read from their sources."""
    return ManifestLog(root, "raw", RawManifest)


def clean_log(root: Path) -> ManifestLog[CleanManifest]:
    """Return the record of clean partitions."""
    return ManifestLog(root, "clean", CleanManifest)


def corrections_log(root: Path) -> ManifestLog[CorrectionsManifest]:
    """Return the record of what people corrected."""
    return ManifestLog(root, "corrections", CorrectionsManifest)


def clean_manifest(root: Path, dataset: str, ds: date) -> CleanManifest | None:
    """Return the current manifest of a clean partition, None where there is none yet."""
    return clean_log(root).current(dataset, ds)


def _file_name(revision: int) -> str:
    return f"{revision:04d}.json"


def _highest_revision(folder: Path) -> int | None:
    return max(_revisions(folder), default=None)


def _revisions(folder: Path) -> list[int]:
    found = (_REVISION.fullmatch(name) for name in _names_in(folder))
    return [int(match[1]) for match in found if match]


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - a fraction of the time, and a history has thousands
    except FileNotFoundError:
        return []


def _damaged(path: Path) -> IntegrityError:
    return IntegrityError(
        "the file is not a manifest of this partition",
        where=str(path),
        next_step="restore it from a backup, or delete it and run ingest for this partition again",
    )
