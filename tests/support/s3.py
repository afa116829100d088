"""A real server of the S3 protocol on loopback, in a process of its own.

A plugin that `tests/conftest.py` names; `start_s3` serves benchmarks too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import pytest

_PATIENCE_SECONDS = 60
_BUCKETS = count(1)


@dataclass(frozen=True)
class S3Server:
    """Where the server listens, and credentials as a client must give them."""

    endpoint: str
    access_key: str = "test-access"
    secret_key: str = "test/secret+key"
    region: str = "eu-central-1"

    @property
    def environment(self) -> dict[str, str]:
        """What any AWS client reads from its environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }

    @property
    def connection(self) -> str:
        """The server as the URI of an Airflow connection."""
        login, secret = quote(self.access_key, safe=""), quote(self.secret_key, safe="")
        endpoint = quote(self.endpoint, safe="")
        return f"aws://{login}:{secret}@/?endpoint_url={endpoint}&region_name={self.region}"

    def filesystem(self):  # type: ignore[no-untyped-def]
        """Return an fsspec file system of this server that remembers no listing."""
        import s3fs

        return s3fs.S3FileSystem(
            key=self.access_key,
            secret=self.secret_key,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": self.region},
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def new_bucket(self) -> str:
        """Create a bucket that nobody else uses, and return its name."""
        name = f"bucket-{os.getpid()}-{next(_BUCKETS)}"
        self.filesystem().mkdir(name)
        return name


@contextmanager
def start_s3(log: Path, **environ: str) -> Iterator[S3Server]:
    """Run a server for as long as the block lasts; `environ` is added to its environment."""
    from include.local.ports import LOOPBACK, free_port

    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)],
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, port, log)
        yield S3Server(f"http://{LOOPBACK}:{port}")
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    from include.local.ports import is_free

    deadline = monotonic() + _PATIENCE_SECONDS
    while is_free(port):
        if process.poll() is not None or monotonic() > deadline:
            raise RuntimeError(f"the S3 server does not come up: {log.read_text()[-2000:]}")
        sleep(0.05)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server for the session; take a bucket of the test's own from it."""
    with start_s3(tmp_path_factory.mktemp("s3") / "server.log") as server:
        yield server
