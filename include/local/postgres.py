"""A real PostgreSQL for one machine: loopback only, passwords only, never as root."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from include.errors import SettingsError, SourceUnavailableError
from include.local.accounts import Account, unprivileged_account
from include.local.health import startup_failure
from include.local.ports import LOOPBACK, free_port
from include.local.postgres_binaries import find_binaries
from include.local.postgres_lock import PostmasterLock
from include.local.processes import Command, Processes
from include.local.secret_file import SecretFile, write_private

logger = logging.getLogger(__name__)

NAME = "postgres"
_SUPERUSER = "postgres"
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    # No socket files: their paths may be 107 bytes long, which deep checkouts exceed.
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "logging_collector": "off",
}


class LocalPostgres:
    """One PostgreSQL server whose files lie in `<state>/postgres`.

    Parameters
    ----------
    processes
        Starts the server and knows the state folder.
    secrets
        Holds the generated passwords.
    binaries
        Folder of the server's programs; found by itself where not given.
    preferred_port
        Taken where it is free.
    """

    def __init__(
        self,
        processes: Processes,
        secrets: SecretFile,
        *,
        binaries: Path | None = None,
        preferred_port: int | None = None,
    ) -> None:
        self._processes = processes
        self._secrets = secrets
        self._binaries = binaries or find_binaries()
        self._home = processes.state / NAME
        self._data = self._home / "data"
        self._lock = PostmasterLock(self._data)
        self._port = preferred_port

    @property
    def port(self) -> int:
        """The port the server listens on.

        Raises
        ------
        SourceUnavailableError
            Before the first start.
        """
        if self._port is None:
            raise SourceUnavailableError("the server was not started", where=str(self._home))
        return self._port

    def start(self, *, timeout_seconds: float = 60) -> None:
        """Start the server and wait until it answers; nothing to do where it runs already.

        Raises
        ------
        SettingsError
            When it cannot run here at all.
        SourceUnavailableError
            When it does not come up; carries the end of its log.
        """
        began = time.perf_counter()
        self._home.mkdir(parents=True, exist_ok=True)
        account = unprivileged_account(self._binaries / "postgres", self._home.parent)
        self._create_files(account)
        if self._processes.is_running(NAME):
            self._port = self._lock.port() or self._port
        self._start_until_it_answers(account, time.monotonic() + timeout_seconds)
        logger.info("PostgreSQL on port %d in %.1f s", self.port, time.perf_counter() - began)

    def stop(self) -> None:
        """End the server, its sessions too, and wait for it."""
        self._processes.stop([NAME])

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database, under the role that owns it."""
        password = quote(self.password(database), safe="")
        return f"postgresql+psycopg://{database}:{password}@{LOOPBACK}:{self.port}/{database}"

    def password(self, database: str) -> str:
        """Return the password of the role that owns a database."""
        return self._secrets.password(f"postgres.{database}")

    def ensure_database(self, name: str) -> str:
        """Create a database and the role of the same name that owns it, where they are missing.

        Returns
        -------
        str
            The database's SQLAlchemy address.
        """
        role, password = sql.Identifier(name), sql.Literal(self.password(name))
        with self._connect() as connection:
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", name):
                connection.execute(sql.SQL("CREATE ROLE {}").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, password))
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and its role, ending open sessions."""
        role = sql.Identifier(name)
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(role))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=_SUPERUSER,
            password=self._secrets.password("postgres"),
            dbname=_SUPERUSER,
            connect_timeout=5,
            autocommit=True,
        )

    def _create_files(self, account: Account) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        fresh = self._home / "data.new"  # renamed when complete: a killed initdb never looks finished
        shutil.rmtree(fresh, ignore_errors=True)
        self._home.chmod(0o700)
        account.own(self._home)
        password_file = self._home / "initdb.password"
        write_private(password_file, self._secrets.password("postgres"))
        account.own(password_file)
        try:
            self._initdb(account, fresh, password_file)
        finally:
            password_file.unlink()
        fresh.rename(self._data)

    def _initdb(self, account: Account, folder: Path, password_file: Path) -> None:
        argv = [
            str(self._binaries / "initdb"),
            f"--pgdata={folder}",
            f"--username={_SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        done = subprocess.run(
            account.command(argv),
            cwd=self._home,
            env=self._env(),
            check=False,
            capture_output=True,
            text=True,
            **account.options,
        )
        if done.returncode:
            raise SettingsError(
                f"initdb failed: {done.stderr.strip()[-2000:]}",
                where=str(self._home),
                next_step="read the message above; it names the file or the setting",
            )

    def _start_until_it_answers(self, account: Account, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not self._processes.is_running(NAME):
                self._lock.clear_stale()
                self._port = free_port(self._port)
                self._processes.start(self._command(account))
            if self._answers():
                return
            time.sleep(0.1)
        raise startup_failure(self._processes, NAME, "PostgreSQL does not come up")

    def _command(self, account: Account) -> Command:
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        return Command(
            name=NAME,
            argv=[str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings],
            env=self._env(),
            cwd=self._home,
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
            account=account,
        )

    def _env(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(self._home)}

    def _answers(self) -> bool:
        try:
            with self._connect():
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise SettingsError(
                    "the recorded password is not this server's",
                    where=str(self._secrets.path),
                    next_step="restore the file, or remove the state folder and start again",
                ) from None
            return False


def _exists(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
