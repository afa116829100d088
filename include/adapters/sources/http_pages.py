"""How an API cuts its rows into pages: what to ask for next, and when there is nothing left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple
from urllib.parse import urljoin

from include.adapters.sources.http_client import Page
from include.errors import SourceError
from include.specs.http_source import CursorPages, LinkedPages, NoPages, NumberedPages, Pagination, Parameter


class Request(NamedTuple):
    """What to ask for; without parameters the address has its own."""

    address: str
    params: dict[str, Parameter] | None


class Pages(ABC):
    """The pages of one listing; `pages_of` makes one. `asked` says by what words a page is asked for."""

    resumable = False
    """Whether a page that was read stays the page before the next one, whatever happens in between."""
    start = ""

    def __init__(self, address: str, params: dict[str, Parameter]) -> None:
        self.address, self.params = address, params

    def request(self, asked: str) -> Request:  # noqa: ARG002
        """Return the request for a page."""
        return Request(self.address, self.params)

    @abstractmethod
    def next(self, asked: str, page: Page, rows: int) -> str | None:
        """Return by what words the page after this one is asked for, None where this is the last one."""


class _OnePage(Pages):
    def next(self, asked: str, page: Page, rows: int) -> None:  # noqa: ARG002
        return None


class _Numbered(Pages):
    def __init__(self, address: str, params: dict[str, Parameter], how: NumberedPages) -> None:
        super().__init__(address, params)
        self.start = str(how.first)
        self._param = how.param

    def request(self, asked: str) -> Request:
        return Request(self.address, {**self.params, self._param: int(asked)})

    def next(self, asked: str, page: Page, rows: int) -> str | None:  # noqa: ARG002
        return str(int(asked) + 1) if rows else None


class _ByCursor(Pages):
    resumable = True

    def __init__(self, address: str, params: dict[str, Parameter], how: CursorPages) -> None:
        super().__init__(address, params)
        self._how = how

    def request(self, asked: str) -> Request:
        return Request(self.address, {**self.params, self._how.param: asked} if asked else self.params)

    def next(self, asked: str, page: Page, rows: int) -> str | None:  # noqa: ARG002
        return _text(self._how.next, page)


class _Linked(Pages):
    resumable = True

    def __init__(self, address: str, params: dict[str, Parameter], how: LinkedPages) -> None:
        super().__init__(address, params)
        self._how = how

    def request(self, asked: str) -> Request:
        return Request(asked, None) if asked else Request(self.address, self.params)

    def next(self, asked: str, page: Page, rows: int) -> str | None:  # noqa: ARG002
        link = page.next_link if self._how.next is None else _text(self._how.next, page)
        return urljoin(asked or self.address, link) if link else None


def pages_of(how: Pagination, address: str, params: dict[str, Parameter]) -> Pages:
    """Return the pages of a listing, by the way the spec says they are cut."""
    match how:
        case NoPages():
            return _OnePage(address, params)
        case NumberedPages():
            return _Numbered(address, params, how)
        case CursorPages():
            return _ByCursor(address, params, how)
        case LinkedPages():
            return _Linked(address, params, how)


def follow(keys: str, tree: Any, default: Any = None) -> Any:
    """Return what the keys lead to, joined by dots; `default` where they lead nowhere."""
    for key in keys.split("."):
        if not isinstance(tree, dict) or key not in tree:
            return default
        tree = tree[key]
    return tree


def _text(keys: str, page: Page) -> str | None:
    found = follow(keys, page.body)
    if found in (None, "", False):
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise SourceError(
            f"{keys} of the answer is {ascii(found)[:80]}, not what the next page is asked by",
            where="source.pagination",
            next_step="correct pagination.next: the keys that lead to the next cursor or link",
        )
    return str(found)
