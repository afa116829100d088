"""An API is read through a real server that behaves, and through one that does not."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import SecretStr

from include.adapters.sources import http_client, open_source
from include.adapters.sources.http import HttpApi, open_http
from include.errors import SettingsError, SourceError, SourceUnavailableError
from include.specs import DatasetSpec
from include.specs.http_source import HttpSource
from tests.support.misbehaving_api import Answer, Api, Behaviour, Request, always, json_answer, serve
from tests.support.sources import COLUMNS, DAY, all_files, inn_settings, stays_spec

pytestmark = pytest.mark.integration

NEXT = DAY + timedelta(days=1)
CURSOR = {"kind": "cursor", "next": "meta.next"}
PAGE = {"kind": "page"}
LINK = {"kind": "link"}
NONE = {"kind": "none"}
HTML = Answer(b"<html><title>Please log in</title></html>", 200, {"Content-Type": "text/html; charset=utf-8"})


def row(number: int, day: date = DAY, **changes: Any) -> dict[str, Any]:
    return {
        "stay_id": number, "made_at": f"{day}T09:30:00Z", "arrives": "2017-04-01", "guest": "Ada",
        "price": 50, "paid": True, **changes,
    }  # fmt: skip


def pages_of(rows: list[dict[str, Any]], size: int = 2) -> list[list[dict[str, Any]]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def by_cursor(pages: list[list[dict[str, Any]]]) -> Behaviour:
    def behave(request: Request) -> Answer:
        number = int(request.params.get("cursor", "c0")[1:])
        following = f"c{number + 1}" if number + 1 < len(pages) else None
        return json_answer({"data": {"items": pages[number]}, "meta": {"next": following}})

    return behave


def by_number(pages: list[list[dict[str, Any]]]) -> Behaviour:
    def behave(request: Request) -> Answer:
        number = int(request.params["page"]) - 1
        return json_answer({"data": {"items": pages[number] if number < len(pages) else []}})

    return behave


def api_spec(pagination: dict[str, Any] = CURSOR, /, **changes: Any) -> DatasetSpec:
    rest = changes.pop("spec", {})
    source = {
        "kind": "http", "connection": "desk", "path": "/v1/stays",
        "params": {"from": "{first}", "to": "{last_exclusive}", "size": 2},
        "records": "data.items", "pagination": pagination, "requests_per_second": 1000, "attempts": 4,
        **changes,
    }  # fmt: skip
    return stays_spec(source={k: v for k, v in source.items() if v is not None}, **rest)


@contextmanager
def opened(
    api: Api, work: Path, spec: DatasetSpec, uri: str | None = None
) -> Iterator[tuple[HttpApi, list[float]]]:
    """The source, and how long it would have waited."""
    settings = inn_settings(work, "sqlite://").model_copy(
        update={"connections": {"desk": SecretStr(uri or api.connection())}}
    )
    waits: list[float] = []
    assert isinstance(spec.source, HttpSource)
    with open_http(settings, spec, spec.source, waits.append) as source:
        yield source, waits


def read(api: Api, work: Path, spec: DatasetSpec, uri: str | None = None) -> list[int]:
    with opened(api, work, spec, uri) as (source, _):
        table = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
    return list(table["stay_id"].to_pylist())


def kept(work: Path) -> list[str]:
    return [name for name in all_files(work) if name.endswith(".sqlite")]


def test_a_day_is_asked_for_and_read_to_its_last_page(tmp_path: Path) -> None:
    pages = pages_of([row(number) for number in range(5)])
    with serve(by_cursor(pages)) as api:
        assert read(api, tmp_path, api_spec()) == [0, 1, 2, 3, 4]
        first, second, third = api.seen
    assert first.path == "/v1/stays"
    assert first.params == {"from": "2017-03-01", "to": "2017-03-02", "size": "2"}
    assert [second.params["cursor"], third.params["cursor"]] == ["c1", "c2"]
    assert kept(tmp_path) == []


def test_values_have_the_types_of_the_spec(tmp_path: Path) -> None:
    with (
        serve(by_cursor([[row(1, price=None), row(2, guest="Zoë", tip=[1])]])) as api,
        opened(api, tmp_path, api_spec()) as (source, _),
    ):
        table = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
        assert source.found_columns() == dict.fromkeys(sorted([*COLUMNS, "tip"]), "json")
        assert source.describe(DAY) == {
            "connection": "desk",
            "path": "/v1/stays?from=2017-03-01&to=2017-03-02&size=2",
            "event_time": "made_at",
        }
        assert source.count_rows(DAY, NEXT) is None
    assert table["price"].to_pylist() == [None, 50.0]
    assert table["guest"].to_pylist() == ["Ada", "Zoë"]
    assert table["arrives"].to_pylist() == [date(2017, 4, 1)] * 2


def test_several_days_are_several_listings(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        day = date.fromisoformat(request.params["from"])
        return json_answer({"data": {"items": [row(day.day, day)]}, "meta": {}})

    with serve(behave) as api, opened(api, tmp_path, api_spec()) as (source, _):
        table = pa.Table.from_batches(source.read(DAY, DAY + timedelta(days=3)), source.schema)
    assert table["stay_id"].to_pylist() == [1, 2, 3]


def test_numbered_pages_end_with_an_empty_one(tmp_path: Path) -> None:
    with serve(by_number(pages_of([row(number) for number in range(4)]))) as api:
        assert read(api, tmp_path, api_spec(PAGE)) == [0, 1, 2, 3]
        assert [request.params["page"] for request in api.seen] == ["1", "2", "3"]


@pytest.mark.parametrize("where", ["header", "body"])
def test_links_are_followed(tmp_path: Path, where: str) -> None:
    def behave(request: Request) -> Answer:
        number = int(request.params.get("p", "0"))
        link = f"/v1/stays?p={number + 1}&token=s3cret" if number < 2 else None
        headers = {"Link": f'<{link}>; rel="next"'} if link and where == "header" else {}
        return json_answer({"items": [row(number)], "next": link if where == "body" else None}, **headers)

    how = {"kind": "link", "next": "next"} if where == "body" else LINK
    with serve(behave) as api:
        assert read(api, tmp_path, api_spec(how, records="items")) == [0, 1, 2]
        assert api.seen[2].params == {"p": "2", "token": "s3cret"}


def test_one_answer_may_hold_the_whole_day(tmp_path: Path) -> None:
    with serve(always(json_answer([row(1), row(2)]))) as api:
        assert read(api, tmp_path, api_spec(NONE, records=None)) == [1, 2]


def test_nested_fields_become_columns(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        rows = [row(1, who={"name": {"first": "Ada"}}), row(2, who=None), row(3)]
        return json_answer([{k: v for k, v in one.items() if k != "guest"} for one in rows])

    spec = api_spec(NONE, records=None, fields={"guest": "who.name.first"})
    with serve(behave) as api, opened(api, tmp_path, spec) as (source, _):
        table = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
        assert set(source.found_columns()) == set(COLUMNS)
    assert table["guest"].to_pylist() == ["Ada", None, None]


@pytest.mark.parametrize(
    ("login", "extras", "header", "expected"),
    [
        ("reader:h%2Fush", "", "Authorization", "Basic cmVhZGVyOmgvdXNo"),
        (":t0ken-of-mine", "", "Authorization", "Bearer t0ken-of-mine"),
        ("", "X-Api-Key=k%2Fey-of-mine", "X-Api-Key", "k/ey-of-mine"),
    ],
)
def test_credentials_come_from_the_connection(
    tmp_path: Path, login: str, extras: str, header: str, expected: str
) -> None:
    with serve(by_cursor([[row(1)]])) as api:
        assert read(api, tmp_path, api_spec(), api.connection(login, extras)) == [1]
        assert api.seen[0].headers[header] == expected


def test_the_connection_may_name_a_path(tmp_path: Path) -> None:
    with serve(by_cursor([[row(1)]])) as api:
        assert read(api, tmp_path, api_spec(), api.connection(path="api%2Finn")) == [1]
        assert api.seen[0].path == "/api/inn/v1/stays"


def test_a_connection_that_names_no_server_is_refused(tmp_path: Path) -> None:
    with serve(by_cursor([[]])) as api:
        for uri in ("http://", "ftp://127.0.0.1/", "http://127.0.0.1/?X-Key=a%0Ab", "http://h:port/"):
            with pytest.raises(SettingsError, match="desk"):
                read(api, tmp_path, api_spec(), uri)


# What passes by itself


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param([json_answer({}, 500)], id="500"),
        pytest.param([json_answer({}, 503), json_answer({}, 502), json_answer({}, 429)], id="three in a row"),
        pytest.param([Answer(hang_up=True)], id="line closed before the answer"),
        pytest.param([Answer(b'{"data": {"items": [', length=500)], id="line closed midway"),
        pytest.param([Answer(b'{"data": {"items": [')], id="truncated body"),
    ],
)
def test_trouble_that_passes_is_waited_out(tmp_path: Path, trouble: list[Answer]) -> None:
    with serve(by_cursor(pages_of([row(number) for number in range(3)]))) as api:
        api.first = list(trouble)
        with opened(api, tmp_path, api_spec()) as (source, waits):
            rows = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
    assert rows.num_rows == 3
    assert len([wait for wait in waits if wait >= 1]) == len(trouble)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 01 Mar 2017 12:00:30 GMT", "Date": "Wed, 01 Mar 2017 12:00:00 GMT"}, 30),
        ({"Retry-After": "Wed, 01 Mar 2017 11:00:00 GMT", "Date": "Wed, 01 Mar 2017 12:00:00 GMT"}, 0),
    ],
)
def test_the_api_may_say_how_long_to_wait(tmp_path: Path, headers: dict[str, str], expected: float) -> None:
    with serve(by_cursor([[row(1)]])) as api:
        api.first = [Answer(b"slow down", 429, headers)]
        with opened(api, tmp_path, api_spec()) as (source, waits):
            assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
    assert [wait for wait in waits if wait not in {0, expected} and wait > 0.1] == []
    assert expected in waits


def test_an_api_that_asks_for_too_long_a_wait_is_an_outage(tmp_path: Path) -> None:
    with serve(always(Answer(b"", 503, {"Retry-After": "3600"}))) as api:
        with pytest.raises(SourceUnavailableError, match=r"come back in 3600 s \(status 503"):
            read(api, tmp_path, api_spec())
        assert len(api.seen) == 1


def test_trouble_that_stays_is_an_outage(tmp_path: Path) -> None:
    with serve(always(json_answer({}, 500))) as api:
        with pytest.raises(SourceUnavailableError, match=r"status 500 .* in 4 attempts"):
            read(api, tmp_path, api_spec())
        assert len(api.seen) == 4


def test_an_api_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    with serve(by_cursor([[]])) as api:
        uri = api.connection()
    with pytest.raises(SourceUnavailableError, match=r"http://127\.0\.0\.1:\d+/v1/stays: .*in 4 attempts"):
        read(api, tmp_path, api_spec(), uri)


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
def test_an_api_that_is_too_slow_is_an_outage(tmp_path: Path, drips: bool) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(20):
            time.sleep(0.1)
            yield b" " if drips else b""

    with (
        serve(always(Answer(pieces=drip))) as api,
        pytest.raises(SourceUnavailableError, match=r"(nothing for|no whole answer within) 0\.3 s"),
    ):
        read(api, tmp_path, api_spec(timeout_seconds=0.3, attempts=2))


def test_requests_keep_their_pace(tmp_path: Path) -> None:
    with (
        serve(by_cursor(pages_of([row(number) for number in range(6)]))) as api,
        opened(api, tmp_path, api_spec(requests_per_second=2)) as (source, waits),
    ):
        assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 6
    assert len(waits) == 2
    assert 0 < sum(waits) <= 1.5


# What does not pass


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            HTML, r"text/html; charset=utf-8 instead of JSON; it begins '<html><title>Please", id="HTML"
        ),
        pytest.param(
            json_answer({"error": "no such day"}, 404), r"status 404 Not Found; .*no such day", id="404"
        ),
        pytest.param(
            Answer(b"x" * 500, 400), r"status 400 Bad Request; it says: x{200}$|x{200}\. Next", id="long"
        ),
        pytest.param(
            Answer(b"", 302, {"Location": "https://login.example/?next=1"}),
            r"status 302 Found; it points to https://login\.example/, and nothing is followed",
            id="redirect",
        ),
        pytest.param(
            json_answer([1]), r"data\.items of the answer is not there; the answer is a list", id="list"
        ),
        pytest.param(
            json_answer({"items": []}), "is not there; the answer has the keys items", id="other key"
        ),
        pytest.param(json_answer({"data": {"items": {}}}), "is not a list of objects", id="object"),
        pytest.param(json_answer({"data": {"items": [1]}}), "is not a list of objects", id="numbers"),
        pytest.param(
            json_answer({"data": {"items": [row(1, price="dear")]}}),
            r"row 1 \(page 1\): column 'price' holds 'dear'",
            id="type",
        ),
        pytest.param(
            json_answer({"data": {"items": [row(1), row(2, NEXT)]}}),
            "1 of 2 rows belong to another UTC day than 2017-03-01",
            id="other day",
        ),
        pytest.param(
            json_answer({"data": {"items": [{"stay_id": 1, "made_at": "2017-03-01"}]}}),
            "no column arrives, guest, price, paid; there are: made_at, stay_id",
            id="columns",
        ),
        pytest.param(
            json_answer({"data": {"items": [row(1)]}, "meta": {"next": [1]}}),
            r"meta\.next of the answer is \[1\], not what the next page is asked by",
            id="cursor",
        ),
    ],
)
def test_an_answer_that_is_no_answer_is_refused_at_once(tmp_path: Path, answer: Answer, said: str) -> None:
    with serve(always(answer)) as api:
        with pytest.raises(SourceError, match=said):
            read(api, tmp_path, api_spec())
        assert len(api.seen) == 1
    assert kept(tmp_path) == []


def test_no_message_holds_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def behave(request: Request) -> Answer:
        return Answer(f"not for {request.headers} of hush-hush".encode(), 403)

    with serve(behave) as api:
        uri = api.connection("reader:hush-hush", "X-Api-Key=k3y-of-mine")
        with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match="status 403") as raised:
            read(api, tmp_path, api_spec(), uri)
    told = f"{raised.value} {raised.value.facts} {caplog.text}"
    assert "hush-hush" not in told
    assert "k3y-of-mine" not in told
    assert "cmVhZGVyOmh1c2gtaHVzaA" not in told  # login and password as a header has them
    assert "***" in told


@pytest.mark.parametrize("status", [200, 403])
def test_a_long_token_is_not_shown_in_part(tmp_path: Path, status: int) -> None:
    token = "t0k3n" * 300
    answer = Answer(f"your token {token} is over".encode(), status, {"Content-Type": "text/plain"})
    with serve(always(answer)) as api, pytest.raises(SourceError, match="your token") as raised:
        read(api, tmp_path, api_spec(), api.connection(f":{token}"))
    assert "t0k3n" not in str(raised.value)


def test_an_answer_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "LARGEST_PAGE_BYTES", 1000)
    with (
        serve(by_cursor([[row(number) for number in range(100)]])) as api,
        pytest.raises(SourceError, match="a page is larger than 1,000 bytes"),
    ):
        read(api, tmp_path, api_spec())


def test_a_link_to_another_server_is_not_followed(tmp_path: Path) -> None:
    with serve(by_cursor([[]])) as other:
        link = f"http://{other.host}/v1/stays?token=s3cret"
        with (
            serve(always(json_answer([row(1)], Link=f'<{link}>; rel="next"'))) as api,
            pytest.raises(SourceError, match=r"a page on another server: http://127\.0\.0\.1") as raised,
        ):
            read(api, tmp_path, api_spec(LINK, records=None), api.connection("reader:hush"))
        assert other.seen == []
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("number", [0, 1])
def test_a_cursor_that_comes_again_is_no_endless_loop(tmp_path: Path, number: int) -> None:
    pages = iter(range(100))

    def behave(request: Request) -> Answer:
        answer = [row(next(pages))]
        return json_answer({"data": {"items": answer}, "meta": {"next": "same" if number == 0 else "c1"}})

    with serve(behave) as api:
        with pytest.raises(
            SourceError, match="the pages have no end: the next page is one that was read before"
        ):
            read(api, tmp_path, api_spec())
        assert len(api.seen) == 2
    assert kept(tmp_path) == []


def test_an_api_that_does_not_know_the_page_parameter_is_no_endless_loop(tmp_path: Path) -> None:
    with (
        serve(always(json_answer({"data": {"items": [row(1), row(2)]}}))) as api,
        pytest.raises(SourceError, match="the pages have no end: the same rows came on 3 pages"),
    ):
        read(api, tmp_path, api_spec(PAGE))


# Pages that move


def test_a_page_that_comes_twice_is_taken_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pages = pages_of([row(number) for number in range(4)])
    with serve(by_cursor([pages[0], pages[0], pages[1]])) as api:
        assert read(api, tmp_path, api_spec()) == [0, 1, 2, 3]
    assert "2 rows came more than once and were taken once" in caplog.text


def test_rows_that_moved_past_the_reader_are_found_by_looking_again(tmp_path: Path) -> None:
    pages = pages_of([row(number) for number in range(6)])

    def behave(request: Request) -> Answer:
        number = int(request.params["page"]) - 1
        if number == 1 and len(api.seen) < 4:
            return json_answer({"data": {"items": [row(0), row(3)]}})  # 2 is on no page this time
        return json_answer({"data": {"items": pages[number] if number < len(pages) else []}})

    with serve(behave) as api:
        assert sorted(read(api, tmp_path, api_spec(PAGE))) == [0, 1, 2, 3, 4, 5]
        assert len(api.seen) == 12  # three looks of four pages: the last one brings nothing new


def test_pages_that_never_hold_still_are_an_outage(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        number, seen = int(request.params["page"]) - 1, len(api.seen)
        rows = [[row(0), row(seen)], [row(0), row(100 + seen)], []][number]
        return json_answer({"data": {"items": rows}})

    with (
        serve(behave) as api,
        pytest.raises(SourceUnavailableError, match="changed while it was read: it was read 3 times"),
    ):
        read(api, tmp_path, api_spec(PAGE))


def test_a_row_that_changes_between_two_pages_is_an_outage(tmp_path: Path) -> None:
    with (
        serve(by_cursor([[row(1), row(2)], [row(2, price=60), row(3)]])) as api,
        pytest.raises(
            SourceUnavailableError, match="key '2' stands on page 1 and, with other values, on page 2"
        ),
    ):
        read(api, tmp_path, api_spec())
    assert kept(tmp_path) == []


def test_a_row_that_changes_between_two_looks_is_an_outage(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        looked = len(api.seen) > 3
        pages = [[row(0), row(1)], [row(0), row(2, price=60 if looked else 50)], []]
        return json_answer({"data": {"items": pages[int(request.params["page"]) - 1]}})

    with (
        serve(behave) as api,
        pytest.raises(SourceUnavailableError, match=r"key '2' stands on page 2 and, with other values"),
    ):
        read(api, tmp_path, api_spec(PAGE))


def test_columns_that_may_be_absent_are_missing_in_all_rows(tmp_path: Path) -> None:
    rows = [{"stay_id": 1, "made_at": "2017-03-01"}]
    absent = ["arrives", "guest", "price", "paid"]
    spec = api_spec(NONE, records=None, fields={"guest": "who.name"}, may_be_absent=absent)
    with serve(always(json_answer(rows))) as api, opened(api, tmp_path, spec) as (source, _):
        table = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
    assert [table[name].null_count for name in absent] == [1, 1, 1, 1]


def test_equal_keys_on_one_page_are_left_to_the_contract(tmp_path: Path) -> None:
    with serve(by_cursor([[row(1), row(1), row(1, price=60), row(None)], [row(None, price=9)]])) as api:  # type: ignore[arg-type]
        assert read(api, tmp_path, api_spec()) == [1, 1, 1, None, None]


def test_the_number_of_rows_is_checked_where_the_api_tells_it(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        number = int(request.params["page"]) - 1
        return json_answer({"data": {"items": [row(number)] if number < 3 else []}, "total": total})

    spec = api_spec(PAGE, total="total")
    with serve(behave) as api:
        total = 3
        assert read(api, tmp_path, spec) == [0, 1, 2]
        total = 4
        with pytest.raises(SourceUnavailableError, match="says that there are 4 rows, 3 were read"):
            read(api, tmp_path, spec)
    with serve(by_number([[row(1)]])) as api, pytest.raises(SourceError, match="total of the answer is None"):
        read(api, tmp_path, api_spec(PAGE, total="total"))


# Going on


def break_after(pages: int, then: Behaviour) -> Behaviour:
    count = iter(range(10_000))

    def behave(request: Request) -> Answer:
        return then(request) if next(count) < pages else json_answer({}, 500)

    return behave


@pytest.mark.parametrize("pagination", [CURSOR, PAGE], ids=["cursor", "page"])
def test_a_retry_goes_on_after_the_last_page_where_that_is_right(
    tmp_path: Path, pagination: dict[str, Any]
) -> None:
    pages = pages_of([row(number) for number in range(8)])
    well = by_cursor(pages) if pagination is CURSOR else by_number(pages)
    spec = api_spec(pagination)
    with serve(break_after(3, well)) as api:
        with pytest.raises(SourceUnavailableError):
            read(api, tmp_path, spec)
        assert len(kept(tmp_path)) == (1 if pagination is CURSOR else 0)
        api.seen.clear()
        api.behave = well
        assert read(api, tmp_path, spec) == list(range(8))
        asked = [request.params.get("cursor", request.params.get("page")) for request in api.seen]
    assert asked == (["c2", "c3"] if pagination is CURSOR else ["1", "2", "3", "4", "5"])
    assert kept(tmp_path) == []


def test_all_is_read_again_where_the_last_kept_page_changed(tmp_path: Path) -> None:
    pages = pages_of([row(number) for number in range(6)])
    with serve(break_after(2, by_cursor(pages))) as api:
        with pytest.raises(SourceUnavailableError):
            read(api, tmp_path, api_spec())
        changed = [[row(0, price=1), row(1)], [row(2, price=2), row(3)], [row(4), row(5)]]
        api.behave = by_cursor(changed)
        with opened(api, tmp_path, api_spec()) as (source, _):
            table = pa.Table.from_batches(source.read(DAY, NEXT), source.schema)
    assert table["price"].to_pylist() == [1, 50, 2, 50, 50, 50]


def test_all_is_read_again_where_the_cursor_is_not_known_any_longer(tmp_path: Path) -> None:
    pages = pages_of([row(number) for number in range(6)])
    well = by_cursor(pages)
    with serve(break_after(2, well)) as api:
        with pytest.raises(SourceUnavailableError):
            read(api, tmp_path, api_spec())
        api.behave = well
        api.first = [json_answer({"error": "cursor expired"}, 410)]
        assert read(api, tmp_path, api_spec()) == list(range(6))


def test_what_is_kept_is_for_the_same_question_only(tmp_path: Path) -> None:
    pages = pages_of([row(number) for number in range(6)])
    well = by_cursor(pages)
    with serve(break_after(2, well)) as api:
        with pytest.raises(SourceUnavailableError):
            read(api, tmp_path, api_spec())
        api.behave = well
        api.seen.clear()
        assert read(api, tmp_path, api_spec(params={"day": "{ds}"})) == list(range(6))
        assert "cursor" not in api.seen[0].params


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to look at" * 100])
def test_kept_pages_that_are_damaged_are_read_again(tmp_path: Path, damage: bytes) -> None:
    well = by_cursor(pages_of([row(number) for number in range(6)]))
    with serve(break_after(2, well)) as api:
        with pytest.raises(SourceUnavailableError):
            read(api, tmp_path, api_spec())
        (name,) = kept(tmp_path)
        (tmp_path / name).write_bytes(damage)
        api.behave = well
        assert read(api, tmp_path, api_spec()) == list(range(6))


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    with (
        serve(by_cursor(pages_of([row(number) for number in range(6)]))) as api,
        opened(api, tmp_path, api_spec()) as (first, _),
        opened(api, tmp_path, api_spec()) as (second, _),
    ):
        slow = first.read(DAY, NEXT)
        begun = [next(slow)]
        assert sum(batch.num_rows for batch in second.read(DAY, NEXT)) == 6
        assert sum(batch.num_rows for batch in [*begun, *slow]) == 6
    assert kept(tmp_path) == []


@pytest.mark.parametrize(("until", "asked"), [("rows", "2017-03-01"), ("later_rows", "2017-03-02")])
def test_a_day_is_ready_once_the_api_lists_rows(tmp_path: Path, until: str, asked: str) -> None:
    spec = api_spec(spec={"arrival": {"until": until}})
    for rows, ready in (([], False), ([row(1)], True)):
        with serve(by_cursor([rows, rows])) as api, opened(api, tmp_path, spec) as (source, _):
            assert source.is_ready(DAY).ready is ready
            assert [request.params["from"] for request in api.seen] == [asked]


def test_a_dataset_of_an_api_is_opened_by_its_spec(tmp_path: Path) -> None:
    with serve(by_cursor([[row(1)]])) as api:
        settings = inn_settings(tmp_path, "sqlite://").model_copy(
            update={"connections": {"desk": SecretStr(api.connection())}}
        )
        with open_source(settings, api_spec()) as source:
            assert sum(batch.num_rows for batch in source.read(DAY, NEXT)) == 1
