"""A real MariaDB for the tests that ask for one: on loopback, in a folder of its own, as nobody's service."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pymysql

from include.local.ports import free_port

PATIENCE_SECONDS = 60
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


def why_not() -> str | None:
    """Say why there can be no server here; None where there can."""
    missing = [name for name in ("mariadbd", "mariadb-install-db") if not shutil.which(name, path=_PATH)]
    return f"{missing[0]} is not installed: apt-get install mariadb-server-core" if missing else None


@contextmanager
def mariadb() -> Iterator[str]:
    """Run a server for as long as the block lasts; gives the address of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-mariadb-"))
    port, password = free_port(), secrets.token_urlsafe(12)
    _install(folder, password)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(_command(folder, port), stdout=log, stderr=log)
    try:
        _wait(server, folder, port, password)
        yield f"mysql+pymysql://teller:{password}@127.0.0.1:{port}/inn"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def _install(folder: Path, password: str) -> None:
    program = shutil.which("mariadb-install-db", path=_PATH)
    options = ["--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db", *_as_root()]
    subprocess.run([str(program), *options], check=True, capture_output=True)
    (folder / "init.sql").write_text(
        "CREATE DATABASE IF NOT EXISTS inn CHARACTER SET utf8mb4;\n"
        f"CREATE USER IF NOT EXISTS teller@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON inn.* TO teller@'127.0.0.1';\n"
        "GRANT CONNECTION ADMIN ON *.* TO teller@'127.0.0.1';\n",
        "utf-8",
    )


def _command(folder: Path, port: int) -> list[str]:
    return [
        str(shutil.which("mariadbd", path=_PATH)),
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        f"--socket={folder / 'socket'}",
        f"--pid-file={folder / 'pid'}",
        f"--init-file={folder / 'init.sql'}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        "--default-time-zone=+13:00",
        "--sql-mode=",  # as old servers run: dates of zeros are taken
        *_as_root(),
    ]


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _wait(server: subprocess.Popen[bytes], folder: Path, port: int, password: str) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while server.poll() is None and monotonic() < deadline:
        try:
            pymysql.connect(
                host="127.0.0.1", port=port, user="teller", password=password, database="inn"
            ).close()
        except pymysql.OperationalError:
            sleep(0.2)
        else:
            return
    raise RuntimeError(f"MariaDB does not come up: {(folder / 'server.log').read_text()[-2000:]}")
