"""Bad objects in a bucket, on a real server of the S3 protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

from include.adapters.sources.file_store import FileStore, FoundFile
from include.errors import EmptyPartitionError, SourceError, SourceUnavailableError
from tests.support.bad_input.case import BadInput, Ends, Input, Places
from tests.support.bad_input.files import GOOD, good_csv
from tests.support.daily_files import csv_of, files_spec, numbered
from tests.support.failing_proxy import FailingProxy
from tests.support.s3 import S3Server
from tests.support.sources import DAY

KIND = "CSV on S3"
LARGE = csv_of(*numbered(range(100_000)))


def bad_object(
    wrong: str,
    ends: Ends,
    *says: str,
    data: bytes | None = None,
    ending: str = "csv",
    meanwhile: Callable[[Any, str], None] | None = None,
    **expected: Any,
) -> BadInput:
    """Describe an object; `meanwhile` is done to it between listing and reading."""

    @contextmanager
    def arrange(places: Places) -> Iterator[Input]:
        server = places.server("s3_server")
        bucket, files = server.new_bucket(), server.filesystem()
        key = f"{bucket}/in/{DAY}.{ending}"
        if data is not None:
            files.pipe_file(key, data)
        spec = files_spec(f"s3://{bucket}/in/{{ds}}.{ending}", "csv", connection="desk")
        with patch.object(FileStore, "find", _find_and(meanwhile, files, key)) as patched:

            def mend() -> None:
                patched.calm = True
                files.pipe_file(key, GOOD[ending](DAY))

            yield Input(spec, {"desk": server.connection}, mend)

    return BadInput(wrong, KIND, arrange, ends, says=says, **expected)


def _find_and(meanwhile: Callable[[Any, str], None] | None, files: Any, key: str) -> Any:
    """List as ever; then something happens to the object, as long as nobody is `calm`."""
    find = FileStore.find

    def found_and_changed(store: FileStore, pattern: str) -> list[FoundFile]:
        found = find(store, pattern)
        if meanwhile and not found_and_changed.calm:  # type: ignore[attr-defined]
            meanwhile(files, key)
        return found

    found_and_changed.calm = False  # type: ignore[attr-defined]
    return found_and_changed


@contextmanager
def _breaks_off(places: Places) -> Iterator[Input]:
    """A storage that hangs up in the middle of an object and refuses connections from then on."""
    server = places.server("s3_server")
    bucket, files = server.new_bucket(), server.filesystem()
    files.pipe_file(f"{bucket}/in/{DAY}.csv", LARGE)
    port = urlsplit(server.endpoint).port
    assert port
    with FailingProxy(port, 1_000_000) as proxy:

        def mend() -> None:
            assert proxy.broke_off
            proxy.mend()

        spec = files_spec(f"s3://{bucket}/in/{{ds}}.csv", "csv", connection="desk")
        yield Input(spec, {"desk": _through(server, proxy.port)}, mend)


def _through(server: S3Server, port: int) -> str:
    """Return the connection to a server by another port, with a client that does not try again by itself."""
    extras = {
        "endpoint_url": f"http://127.0.0.1:{port}", "region_name": server.region,
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }  # fmt: skip
    login, secret = quote(server.access_key, safe=""), quote(server.secret_key, safe="")
    return f"aws://{login}:{secret}@/?__extra__={quote(json.dumps(extras), safe='')}"


CASES = [
    bad_object("a key that vanishes between list and read", Ends.RETRIED, "was there", "and is gone",
               data=good_csv(DAY), meanwhile=lambda files, key: files.rm_file(key),
             raises=SourceUnavailableError),
    bad_object("an object that is replaced between list and read", Ends.RETRIED, "changed while it was read",
               data=good_csv(DAY), meanwhile=lambda files, key: files.pipe_file(key, csv_of(*numbered([7]))),
               raises=SourceUnavailableError),
    BadInput("the storage hangs up in the middle of an object, and refuses connections", KIND, _breaks_off,
             Ends.RETRIED, SourceUnavailableError, ["the storage does not answer"]),
    bad_object("an archive cut short", Ends.REFUSED, "cut short or damaged", data=GOOD["csv.gz"](DAY)[:-9],
               ending="csv.gz", raises=SourceError),
    bad_object("a day without an object", Ends.REFUSED, "no row", raises=EmptyPartitionError),
]  # fmt: skip
