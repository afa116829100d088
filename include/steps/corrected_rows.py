"""Put the corrections that people made over a partition's rows as they come from the source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa

from include.adapters.arrow_columns import arrow_schema
from include.adapters.correction_store import CorrectionStore
from include.core.corrections import read_corrections, source_overlay
from include.specs import DatasetSpec

log = logging.getLogger(__name__)


class CorrectedRows:
    """The rows of one day, corrected: a correction stands until the source changes the row it is for.

    Attributes
    ----------
    origin
        What the partition's manifest says about its corrections; complete once `apply` is exhausted.
    """

    def __init__(self, lake_root: Path, spec: DatasetSpec, ds: date) -> None:
        self.origin: dict[str, str] = {}
        self._where = f"{spec.dataset} {ds}"
        self._overlay = None
        store = CorrectionStore(lake_root)
        manifest = store.manifest(spec.dataset, ds)
        if manifest is None:
            return
        if manifest.columns != spec.columns:
            log.warning(
                "%s: %d correction(s) were made for other columns and are left out; export what is in"
                " quarantine and replay it again", self._where, manifest.rows,
            )  # fmt: skip
            return
        self.origin["corrections"] = manifest.content_sha256
        corrections = read_corrections(store.read(manifest))
        self._overlay = source_overlay(corrections, arrow_schema(spec.columns), spec.key)

    def apply(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows with the corrections in place; those the source has overtaken are logged."""
        if self._overlay is None:
            yield from batches
            return
        yield from self._overlay.apply(batches)
        self.origin["corrected_rows"] = str(self._overlay.applied)
        if self._overlay.superseded:
            self.origin["superseded_corrections"] = str(self._overlay.superseded)
            log.warning(
                "%s: %d correction(s) are not applied: the source changed the rows they were made for",
                self._where, self._overlay.superseded,
            )  # fmt: skip
