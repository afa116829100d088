"""Bad answers of an API, from a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from include.errors import EmptyPartitionError, PerennialError, SourceError, SourceUnavailableError
from tests.support.bad_input.case import BadInput, Ends, Input, Places
from tests.support.bad_input.files import records
from tests.support.misbehaving_api import Answer, Behaviour, Request, always, json_answer, serve
from tests.support.sources import stays_spec

LOGIN_PAGE = Answer(
    b"<html><title>Please log in</title></html>", 200, {"Content-Type": "text/html; charset=utf-8"}
)
RAISES: dict[Ends, type[PerennialError]] = {
    Ends.REFUSED: SourceError,
    Ends.RETRIED: SourceUnavailableError,
}


def listing(*pages: list[dict[str, Any]], **more: Any) -> Behaviour:
    """Answer with pages, each of which names the cursor of the next one."""

    def behave(request: Request) -> Answer:
        number = int(request.params.get("cursor", "0"))
        following = str(number + 1) if number + 1 < len(pages) else None
        return json_answer({"items": pages[number], "next": following, "total": 3, **more})

    return behave


def second_page(answer: Answer) -> Behaviour:
    """Answer well at first, then with something else."""
    sound = listing(records(1, 2), records(3))
    return lambda request: answer if "cursor" in request.params else sound(request)


GOOD = listing(records(1, 2, 3))


def bad_answer(wrong: str, behave: Behaviour, ends: Ends, *says: str, **expected: Any) -> BadInput:
    """Describe an API that behaves so until it is mended."""
    source = {
        "kind": "http", "connection": "desk", "path": "/stays", "params": {"day": "{ds}"}, "records": "items",
        "pagination": {"kind": "cursor", "next": "next"}, "attempts": 2, "timeout_seconds": 5,
        "requests_per_second": 1000, "longest_wait_seconds": 30, **expected.pop("source", {}),
    }  # fmt: skip

    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        with serve(behave) as api:

            def mend() -> None:
                api.behave = GOOD

            yield Input(stays_spec(source=source), {"desk": api.connection("clerk:hush-hush")}, mend)

    expected.setdefault("raises", RAISES.get(ends))
    return BadInput(wrong, "HTTP", arrange, ends, says=says, **expected)


def _elsewhere(request: Request) -> Answer:
    return json_answer({"items": records(1), "next": "https://elsewhere.example.com/stays"})


def _in_a_circle(request: Request) -> Answer:
    return json_answer({"items": records(1), "next": "1"})


LINKS = {"source": {"pagination": {"kind": "link", "next": "next"}}}
TOTAL = {"source": {"total": "total"}}
BUSY = json_answer({}, 429, **{"Retry-After": "3600"})

CASES = [
    bad_answer("an HTML page instead of JSON", always(LOGIN_PAGE), Ends.REFUSED, "text/html",
             "Please log in"),
    bad_answer("an HTML page instead of the second page of rows", second_page(LOGIN_PAGE), Ends.REFUSED,
               "text/html", "Please log in"),
    bad_answer("a redirection to a login page",
             always(Answer(b"", 302, {"Location": "https://login.example.com/"})),
               Ends.REFUSED, "status 302", "login.example.com"),
    bad_answer("no right to read", always(json_answer({"error": "token hush-hush expired"}, 401)),
             Ends.REFUSED,
               "status 401", "***"),
    bad_answer("a server error that stays", always(json_answer({}, 500)), Ends.RETRIED, "status 500",
             "in 2 attempts"),
    bad_answer("an answer cut short", always(Answer(b'{"items": [', length=500)), Ends.RETRIED,
             "in 2 attempts"),
    bad_answer("the server hangs up instead of the second page", second_page(Answer(hang_up=True)),
             Ends.RETRIED,
               "in 2 attempts"),
    bad_answer("too many requests: come back in an hour", always(BUSY), Ends.RETRIED, "3600 s"),
    bad_answer("no rows for the day", listing([]), Ends.REFUSED, "no row", raises=EmptyPartitionError),
    bad_answer("the list of rows is not where the spec says", always(json_answer({"rows": records(1)})),
             Ends.REFUSED,
               "items"),
    bad_answer("pages without end", _in_a_circle, Ends.REFUSED, "the pages have no end"),
    bad_answer("a next page on another server", _elsewhere, Ends.REFUSED, "another server",
               "elsewhere.example.com", **LINKS),
    bad_answer("fewer rows than the API says there are", listing(records(1, 2), total=3), Ends.RETRIED,
               "says that there are 3 rows, 2 were read", **TOTAL),
    bad_answer("a row on two pages, with equal values", listing(records(1, 2), records(2, 3)), Ends.READ,
               rows=(3, 0), values={"stay_id": [1, 2, 3]}),
    bad_answer("a row on two pages, with different values", listing(records(1, 2), records(2, guest="Bob")),
               Ends.RETRIED, "key '2' stands on page 1 and, with other values, on page 2"),
    bad_answer("a column that no row has",
             listing([{k: v for k, v in records(1)[0].items() if k != "price"}]),
               Ends.REFUSED, "no column price"),
    bad_answer("a number in quotes", listing(records(1, 2, 3, price="50")), Ends.REFUSED,
             "column 'price' holds '50'"),
    bad_answer("an escaped NUL character", listing(records(1, 2, 3, guest="A\0da")), Ends.REFUSED,
               r"holds 'A\x00da'"),
    bad_answer("a row of another day", listing(records(1, 2, 3, made_at="2071-03-01T09:30:00Z")),
             Ends.REFUSED,
               "1 of 3 rows belong to another UTC day"),
]  # fmt: skip
