"""Where corrections are kept: beside the partition they belong to, as Parquet recorded by manifests.

::

    <root>/<dataset>/<ds>/corrections/<sha256>.parquet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.adapters.files import holds_sha256
from include.adapters.lake_manifests import CorrectionsManifest, corrections_log
from include.adapters.parquet_files import draft_parquet
from include.errors import IntegrityError


class CorrectionStore:
    """Reads and writes the corrections of the partitions below a lake's root."""

    def __init__(self, root: Path) -> None:
        self._log = corrections_log(root)

    def manifest(self, dataset: str, ds: date) -> CorrectionsManifest | None:
        """Return the current revision, None where nobody ever corrected the partition."""
        return self._log.current(dataset, ds)

    def read(self, manifest: CorrectionsManifest) -> pa.Table:
        """Read a revision's corrections.

        Raises
        ------
        IntegrityError
            Where the bytes are not those recorded: a person's work must not be left out silently.
        """
        path = self._path(manifest)
        if not holds_sha256(path, manifest.content_sha256):
            raise IntegrityError(
                "corrections made by hand are missing or damaged",
                where=str(path),
                next_step="restore the file from a backup, or delete the folder and replay the files again:"
                f" their SHA-256 are {', '.join(manifest.files)}",
            )
        with pq.ParquetFile(path) as file:
            return file.read()

    def write(
        self,
        dataset: str,
        ds: date,
        corrections: pa.Table,
        columns: Mapping[str, str],
        files: Sequence[str],
        before: CorrectionsManifest | None,
    ) -> CorrectionsManifest:
        """Record all corrections of a partition, earlier ones included, as the revision after `before`.

        Raises
        ------
        ConcurrentWriteError
            Where another run recorded a revision meanwhile.
        """
        with draft_parquet(self._log.folder(dataset, ds), corrections.schema) as draft:
            draft.write(corrections)
            facts = draft.finish()
            manifest = CorrectionsManifest(
                dataset=dataset,
                ds=ds,
                revision=before.revision + 1 if before else 1,
                rows=facts.rows,
                content_sha256=facts.sha256,
                columns=dict(columns),
                files=list(files),
            )
            draft.keep_as(self._path(manifest))
        self._log.append(manifest)
        return manifest

    def _path(self, manifest: CorrectionsManifest) -> Path:
        return self._log.folder(manifest.dataset, manifest.ds) / f"{manifest.content_sha256}.parquet"
