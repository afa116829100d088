"""The lake: daily partitions as Parquet files named by their content, recorded by manifests.

Data files are written before the manifest that names them, so a manifest never points at nothing.
A writer killed in between leaves a file without a manifest, which the next attempt reuses.

::

    <root>/<dataset>/<ds>/raw/<sha256>.parquet
    <root>/<dataset>/<ds>/clean/<sha256>.parquet
    <root>/<dataset>/<ds>/clean/<sha256>.quarantine.parquet
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.files import holds_sha256
from include.adapters.lake_manifests import CleanManifest, RawManifest, RuleResult, clean_log, raw_log
from include.adapters.ordered_rows import draft_in_order
from include.adapters.parquet_files import ParquetDraft, draft_parquet
from include.contracts import Decision, RowChanges
from include.errors import IntegrityError

log = logging.getLogger(__name__)

Rows: TypeAlias = pa.Table | pa.RecordBatchReader | ParquetDraft
Comparison: TypeAlias = Callable[[Path, Path], RowChanges]


@dataclass(frozen=True)
class CleanDraft:
    """A partition's rows being split: `clean` ones stay, those in `quarantine` go."""

    raw: RawManifest
    clean: ParquetDraft
    quarantine: ParquetDraft


class Lake:
    """Reads and writes the partitions below one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._raw = raw_log(root)
        self._clean = clean_log(root)

    def raw_manifest(self, dataset: str, ds: date) -> RawManifest | None:
        """Return the current revision as read from the source, None where there is none."""
        return self._raw.current(dataset, ds)

    def clean_manifest(self, dataset: str, ds: date) -> CleanManifest | None:
        """Return the current revision of the clean rows, None where there is none."""
        return self._clean.current(dataset, ds)

    def newest_raw(self, dataset: str) -> RawManifest | None:
        """Return the current revision as read of the newest day that has one, None where no day has."""
        return self._raw.newest(dataset)

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

    def verified_raw(self, manifest: RawManifest) -> Path:
        """Return where the rows as ingested lie; `IntegrityError` unless the bytes are those recorded."""
        return _verified(self.raw_path(manifest), manifest.content_sha256)

    def verified_clean(self, manifest: CleanManifest) -> Path:
        """Return where the clean rows lie; `IntegrityError` unless the bytes are those recorded."""
        return _verified(self.clean_path(manifest), manifest.content_sha256)

    def verified_quarantine(self, manifest: CleanManifest) -> Path | None:
        """Return where the quarantined rows lie, None where there are none; `IntegrityError` as above."""
        path = self.quarantine_path(manifest)
        return None if path is None else _verified(path, manifest.quarantine_sha256)

    def read_raw(self, manifest: RawManifest) -> pa.Table:
        """Read the rows as ingested; `IntegrityError` unless the bytes are those recorded."""
        return _read(self.verified_raw(manifest))

    def read_clean(self, manifest: CleanManifest) -> pa.Table:
        """Read the clean rows; `IntegrityError` unless the bytes are those recorded."""
        return _read(self.verified_clean(manifest))

    def read_quarantine(self, manifest: CleanManifest) -> pa.Table | None:
        """Read the quarantined rows, None where there are none; `IntegrityError` as for `read_clean`."""
        path = self.verified_quarantine(manifest)
        return None if path is None else _read(path)

    def is_intact(self, manifest: CleanManifest) -> bool:
        """Say whether the files of a clean revision hold the bytes recorded."""
        path = self.quarantine_path(manifest)
        return holds_sha256(self.clean_path(manifest), manifest.content_sha256) and (
            path is None or holds_sha256(path, manifest.quarantine_sha256)
        )

    def draft_raw(
        self,
        dataset: str,
        ds: date,
        batches: Iterable[pa.RecordBatch],
        schema: pa.Schema,
        key: Sequence[str],
        work_root: Path,
    ) -> AbstractContextManager[ParquetDraft]:
        """Give a draft of a partition for `commit_raw`, from rows in any order; see `draft_in_order`."""
        return draft_in_order(self._raw.folder(dataset, ds), batches, schema, key, work_root)

    def commit_raw(
        self,
        dataset: str,
        ds: date,
        rows: Rows,
        columns: Mapping[str, str],
        source: Mapping[str, str],
        *,
        source_columns: Mapping[str, str] | None = None,
        compare: Comparison | None = None,
        after: int | None = None,
    ) -> RawManifest:
        """Write rows as read from the source; rows equal to the current revision's add nothing.

        Parameters
        ----------
        dataset, ds
            The partition.
        rows
            Its rows, in an order that equal rows always have: a table, a stream, or what `draft_raw` gives.
        columns
            The spec's type by column.
        source
            Where the rows come from: as the source describes itself.
        source_columns
            All columns the source has, with its own types.
        compare
            Counts the changes between the file of the revision before and the new one; where there is no
            such revision, or its bytes are lost, it is not asked.
        after
            The revision this one was derived from (0 for none), by default the current one.

        Raises
        ------
        ConcurrentWriteError
            Where there is a newer revision than `after` with other rows.
        """
        current = self.raw_manifest(dataset, ds)
        with self._as_draft(dataset, ds, rows) as draft:
            facts = draft.finish()
            manifest = RawManifest(
                dataset=dataset,
                ds=ds,
                revision=_next_revision(current, after),
                rows=facts.rows,
                content_sha256=facts.sha256,
                columns=dict(columns),
                source=dict(source),
                source_columns=dict(source_columns or {}),
            )
            unchanged = current is not None and current.content_sha256 == facts.sha256
            if not unchanged and compare is not None:
                changes = self._changes(current, manifest, draft.path, compare)
                manifest = manifest.model_copy(update={"changes": changes})
            _keep(draft, self.raw_path(manifest), facts.sha256)
        if current is not None and unchanged:
            return current
        self._raw.append(manifest)
        return manifest

    @contextmanager
    def _as_draft(self, dataset: str, ds: date, rows: Rows) -> Iterator[ParquetDraft]:
        if isinstance(rows, ParquetDraft):
            yield rows
            return
        with draft_parquet(self._raw.folder(dataset, ds), rows.schema) as draft:
            for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
                draft.write(batch)
            yield draft

    def _changes(
        self, before: RawManifest | None, manifest: RawManifest, draft: Path, compare: Comparison
    ) -> RowChanges | None:
        if before is None or before.revision + 1 != manifest.revision:
            return None
        old = self.raw_path(before)
        if not holds_sha256(old, before.content_sha256):
            log.warning(
                "%s %s: the rows of revision %d are lost (%s), so what revision %d changes is not known",
                before.dataset, before.ds, before.revision, old, manifest.revision,
            )  # fmt: skip
            return None
        return compare(old, draft)

    @contextmanager
    def draft_clean(self, raw: RawManifest, schema: pa.Schema, refused: pa.Schema) -> Iterator[CleanDraft]:
        """Give two files to split a partition's rows into; without `commit_clean` they are gone.

        Parameters
        ----------
        raw
            The revision that is judged.
        schema, refused
            Of the clean and of the quarantined rows.
        """
        folder = self._clean.folder(raw.dataset, raw.ds)
        with draft_parquet(folder, schema) as clean, draft_parquet(folder, refused) as quarantine:
            yield CleanDraft(raw, clean, quarantine)

    def commit_clean(
        self,
        draft: CleanDraft,
        *,
        contract_sha256: str,
        warned_rows: int,
        rules: list[RuleResult],
        report: str,
        context_sha256: str | None = None,
        checks: Sequence[Decision] = (),
        run_id: str | None = None,
        after: int | None = None,
    ) -> CleanManifest:
        """Record a partition's clean and quarantined rows; an equal current revision adds nothing.

        Parameters
        ----------
        draft
            All of the partition's rows, split; no file is kept of an empty quarantine.
        contract_sha256, warned_rows, rules, report, context_sha256, checks
            What the manifest records beside them.
        run_id
            The run that writes; a current revision keeps its own.
        after
            As for `commit_raw`.

        Raises
        ------
        ConcurrentWriteError
            Where there is a newer revision than `after` that records something else.
        """
        raw = draft.raw
        current = self.clean_manifest(raw.dataset, raw.ds)
        clean, refused = draft.clean.finish(), draft.quarantine.finish()
        manifest = CleanManifest(
            dataset=raw.dataset,
            ds=raw.ds,
            revision=_next_revision(current, after),
            raw_sha256=raw.content_sha256,
            contract_sha256=contract_sha256,
            rows=clean.rows,
            quarantined_rows=refused.rows,
            warned_rows=warned_rows,
            content_sha256=clean.sha256,
            content_md5=clean.md5,
            quarantine_sha256=refused.sha256 if refused.rows else None,
            rules=rules,
            report=report,
            context_sha256=context_sha256,
            checks=list(checks),
            run_id=run_id,
        )
        _keep(draft.clean, self.clean_path(manifest), clean.sha256)
        path = self.quarantine_path(manifest)
        if path is not None:
            _keep(draft.quarantine, path, refused.sha256)
        if current is not None and current == manifest.model_copy(
            update={"revision": current.revision, "run_id": current.run_id}
        ):
            return current
        self._clean.append(manifest)
        return manifest


def _next_revision(current: RawManifest | CleanManifest | None, after: int | None) -> int:
    newest = 0 if current is None else current.revision
    return (newest if after is None else after) + 1


def _keep(draft: ParquetDraft, path: Path, sha256: str) -> None:
    if not holds_sha256(path, sha256):  # absent or damaged: either way these are the right bytes
        draft.keep_as(path)


def _verified(path: Path, sha256: str | None) -> Path:
    if not holds_sha256(path, sha256):
        raise IntegrityError(
            "the file's bytes are not those recorded" if path.is_file() else "the file is missing",
            where=str(path),
            next_step="run ingest and validate for this partition again; they write the recorded bytes anew",
        )
    return path


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read()
