"""What every source offers, whatever it is: rows of UTC days as a stream of Arrow batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from include.adapters.arrow_columns import arrow_schema
from include.specs import DatasetSpec


@dataclass(frozen=True)
class Readiness:
    """Whether a source has a day, and what was looked for."""

    ready: bool
    reason: str


class Source(ABC):
    """One dataset's source, open for reading; `open_source` makes one.

    Attributes
    ----------
    spec
        The dataset: names columns, their types and the event time.
    """

    def __init__(self, spec: DatasetSpec) -> None:
        self.spec = spec

    @property
    def schema(self) -> pa.Schema:
        """The spec's columns with their Arrow types; every batch has exactly these."""
        return arrow_schema(self.spec.columns)

    @abstractmethod
    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows whose event time lies in a range of UTC days, in no particular order.

        Memory does not grow with the number of rows.

        Raises
        ------
        SourceError
            Where table, file or column is missing, a value does not fit its declared type, or a row
            belongs to another day.
        SourceUnavailableError
            Where the source does not answer, or stops answering midway.
        """

    @abstractmethod
    def count_rows(self, first: date, last_exclusive: date) -> int | None:
        """Count the rows that `read` would yield, None where only reading them tells.

        A history load reads many days at once where it knows that they fit into memory, and otherwise
        day by day.
        """

    @abstractmethod
    def describe(self, ds: date) -> dict[str, str]:
        """Say where a day's rows come from, for its manifest: names and bounds, never a secret."""

    @abstractmethod
    def found_columns(self) -> dict[str, str]:
        """Return the columns the source has, by name its own word for the type.

        Known once `read` is exhausted; columns that the spec does not declare are among them.
        """

    def is_ready(self, ds: date) -> Readiness:
        """Say whether the source has a day, in the sense of the spec's `arrival.until`.

        Kinds of sources that know it without reading say it themselves; this one reads until the first
        row of the day.

        Raises
        ------
        SourceError, SourceUnavailableError
            As for `read`.
        """
        there = any(batch.num_rows for batch in self.read(ds, ds + timedelta(days=1)))
        return Readiness(there, f"the source has {'a' if there else 'no'} row of {ds}")
