"""The lake: daily partitions as Parquet files named by their content, recorded by manifests.

Data files are written before the manifest that names them, so a manifest never points at nothing.
A writer killed in between leaves a file without a manifest, which the next attempt reuses.

::

    <root>/<dataset>/<ds>/raw/<sha256>.parquet
    <root>/<dataset>/<ds>/clean/<sha256>.parquet
    <root>/<dataset>/<ds>/clean/<sha256>.quarantine.parquet
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.files import write_atomically
from include.adapters.lake_manifests import CleanManifest, RawManifest, RuleResult, clean_log, raw_log
from include.errors import IntegrityError


class Lake:
    """Reads and writes the partitions below one root folder."""

    def __init__(self, root: Path) -> None:
        self._raw = raw_log(root)
        self._clean = clean_log(root)

    def raw_manifest(self, dataset: str, ds: date) -> RawManifest | None:
        """Return the current revision as read from the source, None where there is none."""
        return self._raw.current(dataset, ds)

    def clean_manifest(self, dataset: str, ds: date) -> CleanManifest | None:
        """Return the current revision of the clean rows, None where there is none."""
        return self._clean.current(dataset, ds)

    def raw_manifests(self, dataset: str, first: date, last_exclusive: date) -> list[RawManifest]:
        """Return the current revisions as read for a range of days, days ascending."""
        return self._raw.currents(dataset, first, last_exclusive)

    def clean_manifests(self, dataset: str, first: date, last_exclusive: date) -> list[CleanManifest]:
        """Return the current clean revisions of a range of days, days ascending."""
        return self._clean.currents(dataset, first, last_exclusive)

    def raw_path(self, manifest: RawManifest) -> Path:
        """Return where the rows as read lie."""
        return self._raw.folder(manifest.dataset, manifest.ds) / f"{manifest.content_sha256}.parquet"

    def clean_path(self, manifest: CleanManifest) -> Path:
        """Return where the clean rows lie."""
        return self._clean.folder(manifest.dataset, manifest.ds) / f"{manifest.content_sha256}.parquet"

    def quarantine_path(self, manifest: CleanManifest) -> Path | None:
        """Return where the quarantined rows lie, None where there are none."""
        if manifest.quarantine_sha256 is None:
            return None
        folder = self._clean.folder(manifest.dataset, manifest.ds)
        return folder / f"{manifest.quarantine_sha256}.quarantine.parquet"

    def read_raw(self, manifest: RawManifest) -> pa.Table:
        """Read the rows as ingested; `IntegrityError` unless the bytes are those recorded."""
        return _read_verified(self.raw_path(manifest), manifest.content_sha256)

    def read_clean(self, manifest: CleanManifest) -> pa.Table:
        """Read the clean rows; `IntegrityError` unless the bytes are those recorded."""
        return _read_verified(self.clean_path(manifest), manifest.content_sha256)

    def read_quarantine(self, manifest: CleanManifest) -> pa.Table | None:
        """Read the quarantined rows, None where there are none; `IntegrityError` as for `read_clean`."""
        path = self.quarantine_path(manifest)
        if path is None or manifest.quarantine_sha256 is None:
            return None
        return _read_verified(path, manifest.quarantine_sha256)

    def is_intact(self, manifest: CleanManifest) -> bool:
        """Say whether the files of a clean revision hold the bytes recorded."""
        path = self.quarantine_path(manifest)
        return _holds(self.clean_path(manifest), manifest.content_sha256) and (
            path is None or _holds(path, manifest.quarantine_sha256)
        )

    def commit_raw(
        self,
        dataset: str,
        ds: date,
        table: pa.Table,
        columns: Mapping[str, str],
        source: Mapping[str, str],
        *,
        after: int | None = None,
    ) -> RawManifest:
        """Write rows as read from the source; rows equal to the current revision's add nothing.

        Parameters
        ----------
        dataset, ds
            The partition.
        table
            Its rows, in an order that equal rows always have.
        columns
            The spec's type by column.
        source
            Connection, table, event time, first and exclusive last day.
        after
            The revision this one was derived from (0 for none), by default the current one.

        Raises
        ------
        ConcurrentWriteError
            Where there is a newer revision than `after` with other rows.
        """
        current = self.raw_manifest(dataset, ds)
        data = encode_parquet(table)
        manifest = RawManifest(
            dataset=dataset,
            ds=ds,
            revision=_next_revision(current, after),
            rows=table.num_rows,
            content_sha256=hashlib.sha256(data).hexdigest(),
            columns=dict(columns),
            source=dict(source),
        )
        _store(self.raw_path(manifest), data, manifest.content_sha256)
        if current is not None and current.content_sha256 == manifest.content_sha256:
            return current
        self._raw.append(manifest)
        return manifest

    def commit_clean(
        self,
        raw: RawManifest,
        clean: pa.Table,
        quarantine: pa.Table,
        *,
        contract_sha256: str,
        warned_rows: int,
        rules: list[RuleResult],
        report: str,
        after: int | None = None,
    ) -> CleanManifest:
        """Write a partition's clean and quarantined rows; an equal current revision adds nothing.

        Parameters
        ----------
        raw
            The revision that was judged.
        clean, quarantine
            Its rows, split; no file is written for an empty quarantine.
        contract_sha256, warned_rows, rules, report
            What the manifest records beside them.
        after
            As for `commit_raw`.

        Raises
        ------
        ConcurrentWriteError
            Where there is a newer revision than `after` that records something else.
        """
        current = self.clean_manifest(raw.dataset, raw.ds)
        data = encode_parquet(clean)
        refused = encode_parquet(quarantine) if quarantine.num_rows else None
        manifest = CleanManifest(
            dataset=raw.dataset,
            ds=raw.ds,
            revision=_next_revision(current, after),
            raw_sha256=raw.content_sha256,
            contract_sha256=contract_sha256,
            rows=clean.num_rows,
            quarantined_rows=quarantine.num_rows,
            warned_rows=warned_rows,
            content_sha256=hashlib.sha256(data).hexdigest(),
            content_md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            quarantine_sha256=None if refused is None else hashlib.sha256(refused).hexdigest(),
            rules=rules,
            report=report,
        )
        _store(self.clean_path(manifest), data, manifest.content_sha256)
        path = self.quarantine_path(manifest)
        if path is not None and refused is not None:
            _store(path, refused, manifest.quarantine_sha256)
        if current is not None and current == manifest.model_copy(update={"revision": current.revision}):
            return current
        self._clean.append(manifest)
        return manifest


def encode_parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet; equal tables give equal bytes."""
    plain = table.replace_schema_metadata(None).combine_chunks()
    sink = pa.BufferOutputStream()
    # Every option that shapes the bytes is said here, so that no default decides them.
    pq.write_table(
        plain, sink, compression="zstd", compression_level=3, version="2.6", data_page_version="1.0",
        use_dictionary=True, write_statistics=True, row_group_size=1_048_576,
    )  # fmt: skip
    return bytes(sink.getvalue())


def _next_revision(current: RawManifest | CleanManifest | None, after: int | None) -> int:
    newest = 0 if current is None else current.revision
    return (newest if after is None else after) + 1


def _store(path: Path, data: bytes, sha256: str | None) -> None:
    if not _holds(path, sha256):  # absent or damaged: either way these are the right bytes
        write_atomically(path, data)


def _holds(path: Path, sha256: str | None) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _read_verified(path: Path, sha256: str) -> pa.Table:
    data = path.read_bytes() if path.is_file() else None
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(
            "the file is missing" if data is None else "the file's bytes are not those recorded",
            where=str(path),
            next_step="run ingest and validate for this partition again; they write the recorded bytes anew",
        )
    return pq.read_table(pa.BufferReader(data))
