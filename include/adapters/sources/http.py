"""Rows of an API that answers in JSON, asked for day by day and page by page.

All pages of a day are read before its first row is handed on. Where each page names the next one, they are
kept below the work folder until then: a run that was killed or found the API down goes on after the last
page. Numbered pages are not kept: what stood on page 7 yesterday may stand on page 6 today.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from time import sleep

import pyarrow as pa

from include.adapters.connection_uri import parse_connection
from include.adapters.sources.base import Readiness, Source
from include.adapters.sources.file_rows import missing_columns, typed_batch
from include.adapters.sources.http_client import ApiClient, open_client
from include.adapters.sources.http_listing import Listing
from include.adapters.sources.http_store import PageStore, open_pages
from include.adapters.sources.json_rows import json_column
from include.adapters.sources.row_days import DayCheck
from include.errors import PerennialError, RetryableError
from include.settings import Settings
from include.specs import DatasetSpec
from include.specs.arrival import Until
from include.specs.http_source import HttpSource

log = logging.getLogger(__name__)

_ONE_DAY = timedelta(days=1)
_BATCH_ROWS = 1_000


class HttpApi(Source):
    """The rows that an API lists for each day."""

    def __init__(self, spec: DatasetSpec, source: HttpSource, client: ApiClient, work_root: Path) -> None:
        super().__init__(spec)
        self._source, self._client, self._work_root = source, client, work_root
        self._found: set[str] = set()

    def read(self, first: date, last_exclusive: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a range of days, one listing for each; see `Source`."""
        while first < last_exclusive:
            yield from self._read_day(first)
            first += _ONE_DAY

    def count_rows(self, first: date, last_exclusive: date) -> None:  # noqa: ARG002
        """Return None: only reading the pages tells."""
        return None

    def describe(self, ds: date) -> dict[str, str]:
        """Name connection, path with parameters, and event time."""
        params = "&".join(f"{name}={value}" for name, value in self._source.params_of(ds).items())
        return {
            "connection": self._source.connection,
            "path": self._source.path_of(ds) + (f"?{params}" if params else ""),
            "event_time": self.spec.event_time,
        }

    def found_columns(self) -> dict[str, str]:
        """Return the names that the rows had; JSON has no types of columns."""
        return dict.fromkeys(sorted(self._found), "json")

    def is_ready(self, ds: date) -> Readiness:
        """Ask for the first page of the day, with `later_rows` of the next day, and see if it has rows."""
        later = self.spec.arrival is not None and self.spec.arrival.until is Until.LATER_ROWS
        day = ds + _ONE_DAY if later else ds
        there = self._listing(day).begins_with_rows()
        return Readiness(there, f"the API lists {'rows' if there else 'no row'} for {day}")

    def _read_day(self, day: date) -> Iterator[pa.RecordBatch]:
        listing = self._listing(day)
        name = self._name_of(day) if listing.resumable else None
        with open_pages(self._work_root, name) as store:
            try:
                listing.read_into(store)
                yield from self._batches(store, listing.where, day)
            except (PerennialError, GeneratorExit) as error:
                if not isinstance(error, RetryableError):  # the next run must see what was mended
                    store.discard()
                raise
            log.info("%s: %d rows on %d pages", listing.where, store.count_rows(), store.count_pages())
            store.discard()

    def _listing(self, day: date) -> Listing:
        return Listing(self._client, self._source, self.spec, day)

    def _batches(self, store: PageStore, where: str, day: date) -> Iterator[pa.RecordBatch]:
        self._take_names(store, where)
        strays = DayCheck(self.spec.event_time, day, day + _ONE_DAY).of(where)
        rows = store.rows()
        number = 0
        while chunk := list(islice(rows, _BATCH_ROWS)):
            labels = [f"{number + position + 1} (page {page})" for position, (page, _) in enumerate(chunk)]
            columns = dict(
                zip(self.spec.columns, zip(*(values for _, values in chunk), strict=True), strict=True)
            )
            batch = typed_batch(self.spec, columns, json_column, where, labels)
            strays.look_at(batch)
            yield batch
            number += len(chunk)
        strays.raise_if_any()

    def _take_names(self, store: PageStore, where: str) -> None:
        """Refuse columns that not one row has: a wrong name would make a column of nothing."""
        names = set(store.names())
        fields = self._source.fields
        self._found |= (names - {keys.split(".")[0] for keys in fields.values()}) | set(fields)
        wanted = {name: fields.get(name, name).split(".")[0] for name in self.spec.columns}
        optional = self._source.may_be_absent
        missing = [name for name, key in wanted.items() if key not in names and name not in optional]
        if store.count_rows() and missing:
            raise missing_columns(missing, sorted(names), where, self.spec)

    def _name_of(self, day: date) -> str:
        """Name what is kept by everything that decides what it holds."""
        decides = [
            self._source.model_dump(mode="json"), {**self.spec.columns}, self.spec.key,
            self._client.address_of(self._source.path_of(day)),
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]
        return f"{self.spec.dataset}-{day}-{digest}"


@contextmanager
def open_http(
    settings: Settings, spec: DatasetSpec, source: HttpSource, pause: Callable[[float], None] = sleep
) -> Iterator[HttpApi]:
    """Prepare to ask the API of a dataset's source; nothing is asked yet.

    Parameters
    ----------
    settings
        Hold the connection and the work folder.
    spec, source
        The dataset, and where its rows come from.
    pause
        Waits so many seconds.

    Raises
    ------
    SettingsError
        Where the connection was not given to this run, or names no server.
    """
    parts = parse_connection(source.connection, settings.source_url(source.connection))
    with open_client(parts, source, pause) as client:
        yield HttpApi(spec, source, client, settings.work_root)
