"""Requests to an API that is slow, busy or broken at times: paced, retried, and never told too much.

What passes by itself is tried again within limits, and then told as an outage; what does not is told at
once. No message holds a password or a token.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import monotonic, sleep
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import tenacity

from include.adapters.connection_uri import ConnectionParts
from include.adapters.sources.http_address import ApiAddress, address_of, no_server
from include.adapters.sources.json_rows import parse_json
from include.errors import SourceError, SourceUnavailableError
from include.specs.http_source import HttpSource, Parameter

log = logging.getLogger(__name__)

LARGEST_PAGE_BYTES = 1 << 25
_PASSING = frozenset({408, 425, 429})
_FIRST_WAIT_SECONDS = 1.0
_SHOWN = 200
_LOOKED_AT = 1 << 16
"""Bytes of an answer in which secrets are looked for before its beginning is shown; tokens may be long."""


@dataclass(frozen=True)
class Page:
    """One answer: its JSON, and the address of the next one where a header named it."""

    body: Any
    next_link: str | None


class _TryAgainError(Exception):
    """This attempt failed in a way that passes."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds


class ApiClient:
    """One API; `open_client` makes one."""

    def __init__(
        self, client: httpx.Client, address: ApiAddress, source: HttpSource, pause: Callable[[float], None]
    ) -> None:
        self._client, self._source, self._pause = client, source, pause
        self.scrub = address.scrub
        self._next_request = -math.inf

    def get(self, address: str, params: Mapping[str, Parameter] | None = None) -> Page:
        """Ask for one page.

        Parameters
        ----------
        address
            From `address_of`, or one that the API itself named.
        params
            Query parameters; None leaves those of the address.

        Raises
        ------
        SourceError
            Where the API refuses the request, names another server, or answers with something else
            than JSON.
        SourceUnavailableError
            Where it does not answer, or not with a whole page, in all attempts.
        """
        url = self._same_server(address)
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._source.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            before_sleep=self._tell,
            sleep=self._pause,
            reraise=True,
        )
        try:
            return attempts(self._try, url, params)
        except _TryAgainError as error:
            raise SourceUnavailableError(
                f"the API does not answer as it should: {error.reason}, in {self._source.attempts} attempts",
                where=self.shown(str(url)),
                next_step="a retry follows; if it stays so, ask who runs the API",
            ) from None

    def address_of(self, path: str) -> str:
        """Return the address of a path below the API's own."""
        return f"{str(self._client.base_url).rstrip('/')}{path}"

    def shown(self, address: str) -> str:
        """Return an address for a message: without its query, which may hold a token."""
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        return self.scrub(f"{parts.scheme}://{parts.hostname}{port}{parts.path}")

    def _same_server(self, address: str) -> httpx.URL:
        """Refuse another server: it would be sent this one's password."""
        base = self._client.base_url
        try:
            url = httpx.URL(address)
            same = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        except (httpx.InvalidURL, ValueError):
            same = False
        if not same:
            raise SourceError(
                f"the API names a page on another server: {self.shown(address)}",
                where=self.shown(str(base)),
                next_step="if that server is meant, name it in the connection; no other gets the password",
            )
        return url

    def _try(self, url: httpx.URL, params: Mapping[str, Parameter] | None) -> Page:
        self._keep_pace()
        try:
            with self._client.stream("GET", url, params=params) as response:
                self._judge(response)
                return Page(self._json(response), response.links.get("next", {}).get("url"))
        except httpx.TimeoutException:
            raise _TryAgainError(f"nothing for {self._source.timeout_seconds:g} s") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _TryAgainError(self.scrub(str(error)) or type(error).__name__) from None

    def _keep_pace(self) -> None:
        now = monotonic()
        if now < self._next_request:
            self._pause(self._next_request - now)
        self._next_request = max(now, self._next_request) + 1 / self._source.requests_per_second

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _PASSING or status >= 500:
            raise self._later(response)
        if status == httpx.codes.OK:
            return
        if response.is_redirect:
            target = urljoin(str(response.url), response.headers.get("location", ""))
            said = f"it points to {self.shown(target)}, and nothing is followed"
        else:
            said = f"it says: {self._beginning(response) or 'nothing'}"
        raise SourceError(
            f"the API answers with status {status} {response.reason_phrase}; {said}",
            where=self.shown(str(response.url)),
            next_step="check path and params of the dataset's source, and what the connection may read",
            status=status,
        )

    def _later(self, response: httpx.Response) -> _TryAgainError | SourceUnavailableError:
        reason = f"status {response.status_code} {response.reason_phrase}".strip()
        wait = _retry_after(response)
        if wait is not None and wait > self._source.longest_wait_seconds:
            return SourceUnavailableError(
                f"the API asks to come back in {wait:.0f} s ({reason}), longer than a task may hold its slot",
                where=self.shown(str(response.url)),
                next_step="a retry follows; give the task a longer retry delay, or raise"
                " source.longest_wait_seconds",
            )
        return _TryAgainError(reason, wait)

    def _json(self, response: httpx.Response) -> Any:
        raw = self._whole(response)
        try:
            return parse_json(raw.decode(response.charset_encoding or "utf-8-sig"))
        except (ValueError, LookupError, RecursionError) as error:
            kind = response.headers.get("content-type", "none")
            if "json" in kind.lower():  # cut short by a server that does not say how long its answer is
                raise _TryAgainError(
                    f"a body that is not whole JSON: {self.scrub(str(error))[:_SHOWN]}"
                ) from None
            beginning = self._begins(raw)
            raise SourceError(
                f"the API answers with {kind} instead of JSON; it begins {beginning!r}",
                where=self.shown(str(response.url)),
                next_step="check the path and the connection's login: a web page is often a login page",
            ) from None

    def _whole(self, response: httpx.Response) -> bytes:
        body, deadline = bytearray(), monotonic() + self._source.timeout_seconds
        for piece in response.iter_bytes():
            body += piece
            if len(body) > LARGEST_PAGE_BYTES:
                raise SourceError(
                    f"a page is larger than {LARGEST_PAGE_BYTES:,} bytes",
                    where=self.shown(str(response.url)),
                    next_step="ask the API for smaller pages, by its parameter in source.params",
                )
            if monotonic() > deadline:
                raise _TryAgainError(f"no whole answer within {self._source.timeout_seconds:g} s")
        return bytes(body)

    def _beginning(self, response: httpx.Response) -> str:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _LOOKED_AT:
                break
        return self._begins(body)

    def _begins(self, body: bytes | bytearray) -> str:
        # Scrubbed before it is cut, so that no secret is cut in two and half of it shown.
        text = body[:_LOOKED_AT].decode(errors="replace")
        return self.scrub(" ".join(text.split()))[:_SHOWN]

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Wait as long as the API asks, otherwise twice as long as before, and a little by chance."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_seconds if isinstance(error, _TryAgainError) else None
        by_itself = tenacity.wait_exponential_jitter(_FIRST_WAIT_SECONDS, self._source.longest_wait_seconds)
        return by_itself(state) if asked is None else asked

    def _tell(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning(
            "attempt %d of %d failed: %s; the next one in %.1f s",
            state.attempt_number, self._source.attempts, error, state.upcoming_sleep,
        )  # fmt: skip


@contextmanager
def open_client(
    parts: ConnectionParts, source: HttpSource, pause: Callable[[float], None] = sleep
) -> Iterator[ApiClient]:
    """Prepare requests to the API that a connection names; none is sent yet.

    Parameters
    ----------
    parts
        Address and credentials.
    source
        How fast and how patiently to ask.
    pause
        Waits so many seconds.

    Raises
    ------
    SettingsError
        Where the connection names no server.
    """
    address = address_of(parts)
    try:
        client = httpx.Client(
            base_url=address.base_url, headers={"Accept": "application/json", **address.headers},
            timeout=source.timeout_seconds, follow_redirects=False,
        )  # fmt: skip
    except (httpx.InvalidURL, ValueError):
        raise no_server(parts) from None
    with client:
        yield ApiClient(client, address, source, pause)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that the API asks to wait; a date counts from the server's own clock."""
    given = response.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    try:
        moments = [parsedate_to_datetime(text) for text in (given, response.headers.get("date", ""))]
    except ValueError:
        return None
    until, now = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)
    return max(0.0, (until - now).total_seconds())
