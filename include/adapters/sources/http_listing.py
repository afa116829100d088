"""Reads all pages of one day into a store, however the API misbehaves on the way."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from include.adapters.sources.http_client import ApiClient, Page
from include.adapters.sources.http_pages import Pages, follow, pages_of
from include.adapters.sources.http_store import PageStore, Row, RowChangedError, content_of
from include.errors import SourceError, SourceUnavailableError, name_some
from include.specs import DatasetSpec
from include.specs.http_source import HttpSource, NumberedPages

log = logging.getLogger(__name__)

_MOST_LOOKS = 3
_MOST_EQUAL_PAGES = 2
_ABSENT = object()


class Listing:
    """The rows that an API lists for one day."""

    def __init__(self, client: ApiClient, source: HttpSource, spec: DatasetSpec, day: date) -> None:
        self._client, self._source, self._spec, self._day = client, source, spec, day
        self._pages: Pages = pages_of(
            source.pagination, client.address_of(source.path_of(day)), source.params_of(day)
        )
        self._told_total: int | None = None

    @property
    def where(self) -> str:
        """What messages call it."""
        return f"{self._client.shown(self._pages.address)}, {self._day}"

    @property
    def resumable(self) -> bool:
        """Whether a later run may go on after the last page of this one."""
        return self._pages.resumable

    def begins_with_rows(self) -> bool:
        """Ask for the first page alone, and say whether it has rows."""
        return bool(self._records(self._get(self._pages.start)))

    def read_into(self, store: PageStore) -> None:
        """Read all pages that the store does not have.

        Raises
        ------
        SourceError
            Where an answer is not what the spec says, or the pages have no end.
        SourceUnavailableError
            Where the API does not answer, or what it lists changes while it is read.
        """
        repeats = self._read_pages(store, self._resume(store))
        if repeats:
            log.warning("%s: %d rows came more than once and were taken once", self.where, repeats)
            if isinstance(self._source.pagination, NumberedPages):
                self._look_again(store)
        self._require_total(store)

    def _look_again(self, store: PageStore) -> None:
        """Read all numbered pages again until they bring nothing new.

        Something moved rows from one page to another: others may have moved past us.
        """
        for _ in range(_MOST_LOOKS - 1):
            before = store.count_rows()
            store.forget_pages()
            self._read_pages(store, self._pages.start)
            if store.count_rows() == before:
                return
        raise self._changing(store, f"it was read {_MOST_LOOKS} times and brought new rows each time")

    def _resume(self, store: PageStore) -> str | None:
        """Return what to ask for first: the page after the kept ones, if the last of them still stands."""
        last = store.last_page()
        if last is None:
            return self._pages.start
        asked, content = last
        try:
            page = self._get(asked)
            records = self._records(page)
            if content_of([self._row(record) for record in records]) == content:
                log.info("%s: going on after page %d", self.where, store.count_pages())
                return self._pages.next(asked, page, len(records))
        except SourceError as error:
            log.info("%s: the kept pages do not lead on: %s", self.where, error)
        log.info("%s: what was kept has changed since, all is read again", self.where)
        store.clear()
        return self._pages.start

    def _read_pages(self, store: PageStore, asked: str | None) -> int:
        """Read from a page on up to the last one, and return how many rows were there already."""
        repeats = 0
        while asked is not None:
            if store.was_asked(asked):
                raise self._endless(store, "the next page is one that was read before")
            page = self._get(asked)
            records = self._records(page)
            rows = [self._row(record) for record in records]
            if rows and store.count_equal_pages(rows) == _MOST_EQUAL_PAGES:
                raise self._endless(store, f"the same rows came on {_MOST_EQUAL_PAGES + 1} pages")
            repeats += len(rows) - self._add(store, asked, rows, records)
            asked = self._pages.next(asked, page, len(records))
        return repeats

    def _add(self, store: PageStore, asked: str, rows: list[Row], records: list[dict[str, Any]]) -> int:
        try:
            return store.add(asked, rows, {name for record in records for name in record})
        except RowChangedError as error:
            raise self._changing(
                store,
                f"the row with key {self._client.scrub(ascii(error.key))} stands on page {error.earlier} and,"
                f" with other values, on page {error.page}",
            ) from None

    def _get(self, asked: str) -> Page:
        return self._client.get(*self._pages.request(asked))

    def _records(self, page: Page) -> list[dict[str, Any]]:
        """Return a page's rows, and remember how many the API says there are on all pages."""
        found = follow(self._source.records, page.body, _ABSENT) if self._source.records else page.body
        if self._source.total is not None:
            self._told_total = self._total_of(page)
        if found is None:  # how some APIs write an empty list
            return []
        if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
            raise self._misshapen(page.body, found)
        return found

    def _total_of(self, page: Page) -> int:
        told = follow(self._source.total or "", page.body)
        if isinstance(told, bool) or not isinstance(told, int):
            raise SourceError(
                f"{self._source.total} of the answer is {ascii(told)[:80]}, not a number of rows",
                where=self.where,
                next_step="correct source.total, or leave it out",
            )
        return told

    def _misshapen(self, body: Any, found: Any) -> SourceError:
        place = self._source.records or "the body"
        there = f"has the keys {name_some(body)}" if isinstance(body, dict) else f"is a {type(body).__name__}"
        what = "is not there" if found is _ABSENT else "is not a list of objects"
        return SourceError(
            self._client.scrub(f"{place} of the answer {what}; the answer {there}"),
            where=self.where,
            next_step="correct source.records: the keys, joined by dots, that lead to the list of rows",
        )

    def _row(self, record: dict[str, Any]) -> Row:
        fields = self._source.fields
        values = {
            name: follow(fields[name], record) if name in fields else record.get(name)
            for name in self._spec.columns
        }
        return Row([values[name] for name in self._spec.key], list(values.values()))

    def _require_total(self, store: PageStore) -> None:
        read = store.count_rows()
        if self._told_total is not None and self._told_total != read:
            raise self._changing(
                store, f"the API says that there are {self._told_total} rows, {read} were read"
            )

    def _changing(self, store: PageStore, what: str) -> SourceUnavailableError:
        store.discard()
        return SourceUnavailableError(
            f"what the API lists changed while it was read: {what}",
            where=self.where,
            next_step="a retry reads all again; if it stays so, have each row listed once, in a fixed order",
        )

    def _endless(self, store: PageStore, what: str) -> SourceError:
        return SourceError(
            f"the pages have no end: {what}, after {store.count_pages()} pages",
            where=self.where,
            next_step="check source.pagination: the parameter the API knows, and how it says what is next",
        )
