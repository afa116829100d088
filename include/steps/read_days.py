"""Read days of a source, and notice how its columns changed since the lake last read it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from include.adapters.lake import Lake
from include.adapters.sources import Source
from include.core.source_columns import describe_news, explain_misfit
from include.errors import PerennialError, SourceError

log = logging.getLogger(__name__)


class WatchedSource:
    """A source whose columns are compared with those that the dataset's newest partition recorded.

    Attributes
    ----------
    columns
        The source's columns with its own types: after a read as found, before as recorded.
    rows
        How many rows have been read.
    """

    def __init__(self, source: Source, lake: Lake) -> None:
        self.source = source
        self.spec = source.spec
        newest = lake.newest_raw(self.spec.dataset)
        self.columns = dict(newest.source_columns) if newest else {}
        self.rows = 0
        self._since = newest.ds if newest else None

    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a range of days; what is new about the source's columns is logged once.

        Raises
        ------
        SourceError
            As from the source; where a column is gone or its type does not fit any longer, with the type
            that was recorded before.
        SourceUnavailableError
            As from the source.
        """
        try:
            for batch in self.source.read(first, last_exclusive):
                self.rows += batch.num_rows
                yield batch
        except SourceError as error:
            if self._since is None:
                raise
            raise explain_misfit(error, self.columns, self._since, self._found_after(error)) from error
        self._take_note(self.source.found_columns(), first)

    def _take_note(self, found: dict[str, str], ds: date) -> None:
        for news in describe_news(self.columns, found, self.spec.columns):
            log.warning("%s %s: %s", self.spec.dataset, ds, news)
        self.columns, self._since = found, ds

    def _found_after(self, error: SourceError) -> dict[str, str]:
        """Return the columns a refused read could still find out: none where they are what is wrong."""
        if "missing" in error.facts:
            return {}
        try:
            return self.source.found_columns()
        except PerennialError as another:
            log.info("the source's columns could not be listed: %s", another)
            return {}
