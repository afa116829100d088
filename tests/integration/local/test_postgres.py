from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from include.local.ports import LOOPBACK
from include.local.postgres import LocalPostgres
from include.local.processes import Processes
from include.local.secret_file import SecretFile

PROJECT_ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.integration


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path / "state")
    found.state.mkdir()
    yield found
    found.stop(["postgres"])


@pytest.fixture
def server(processes: Processes) -> LocalPostgres:
    return make_server(processes)


def make_server(processes: Processes, port: int | None = None) -> LocalPostgres:
    secrets = SecretFile(processes.state / "secrets.json")
    return LocalPostgres(processes, secrets, preferred_port=port)


def run(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def server_process(processes: Processes) -> psutil.Process:
    data = processes.state / "postgres" / "data" / "postmaster.pid"
    return psutil.Process(int(data.read_text().splitlines()[0]))


def test_started_server_takes_rows_under_the_role_that_owns_the_database(server: LocalPostgres) -> None:
    server.start()
    url = server.ensure_database("warehouse")
    run(url, "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)")
    assert run(url, "SELECT sum(n), current_user FROM t") == [(3, "warehouse")]


def test_a_role_cannot_enter_the_database_of_another(server: LocalPostgres) -> None:
    server.start()
    server.ensure_database("warehouse")
    stranger = server.ensure_database("source").removesuffix("/source") + "/warehouse"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        run(stranger, "SELECT 1")


def test_a_wrong_password_is_refused(server: LocalPostgres) -> None:
    server.start()
    url = server.ensure_database("source")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        run(url.replace(server.password("source"), "guess"), "SELECT 1")


def test_server_listens_on_loopback_only_and_not_as_root_with_privileges(
    server: LocalPostgres, processes: Processes
) -> None:
    server.start()
    leader = server_process(processes)
    assert {c.laddr.ip for c in leader.net_connections() if c.status == "LISTEN"} == {LOOPBACK}
    status = Path(f"/proc/{leader.pid}/status").read_text()
    assert "CapEff:\t0000000000000000" in status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses between accounts")
def test_root_hands_over_to_nobody_where_nobody_can_reach_the_folder(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        processes = Processes(Path(folder))
        make_server(processes).start()
        name = server_process(processes).username()
        processes.stop(["postgres"])
    assert name == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses between accounts")
def test_server_runs_below_a_folder_that_is_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    processes = Processes(closed / "state")
    processes.state.mkdir()
    server = make_server(processes)
    server.start()
    rows = run(server.ensure_database("source"), "SELECT 1")
    processes.stop(["postgres"])
    assert rows == [(1,)]
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests show it already")
def test_an_ordinary_user_runs_the_server_as_themselves(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from include.local.postgres import LocalPostgres; from include.local.processes import Processes\n"
        "from include.local.secret_file import SecretFile\n"
        "processes = Processes(Path(sys.argv[1]))\n"
        "server = LocalPostgres(processes, SecretFile(processes.state / 'secrets.json'))\n"
        "server.start(); server.ensure_database('source'); server.stop(); print(os.geteuid(), end='')\n"
    )
    # In a namespace the tests' own files belong to the other user, who thus reaches this Python.
    nobody = pwd.getpwnam("nobody").pw_uid
    done = subprocess.run(
        ["unshare", "--user", f"--map-user={nobody}", sys.executable, "-B", "-c", script, str(tmp_path)],
        cwd=PROJECT_ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == (str(nobody), 0), done.stderr


def test_second_start_finds_the_running_server(server: LocalPostgres, processes: Processes) -> None:
    server.start()
    first = server_process(processes)
    again = make_server(Processes(processes.state))
    again.start()
    assert (server_process(processes), again.port) == (first, server.port)


def test_rows_survive_a_killed_server(server: LocalPostgres, processes: Processes) -> None:
    server.start()
    url = server.ensure_database("warehouse")
    run(url, "CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
    os.kill(server_process(processes).pid, signal.SIGKILL)

    again = make_server(Processes(processes.state), server.port)
    again.start()
    rows = run(again.url("warehouse"), "SELECT n FROM t")
    again.stop()

    assert rows == [(42,)]


def test_another_port_is_taken_where_the_own_one_is_busy(processes: Processes) -> None:
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, 0))
        occupant.listen()
        busy = occupant.getsockname()[1]
        server = make_server(processes, busy)
        server.start()
        assert server.port != busy
        assert run(server.ensure_database("source"), "SELECT 1") == [(1,)]


def test_a_stale_lock_with_a_strangers_number_does_not_stop_the_start(
    server: LocalPostgres, processes: Processes
) -> None:
    server.start()
    server.stop()
    lock = processes.state / "postgres" / "data" / "postmaster.pid"
    lock.write_text(f"{os.getppid()}\n{lock.parent}\n0\n1\n")
    server.start()
    assert run(server.ensure_database("source"), "SELECT 1") == [(1,)]


def test_passwords_are_readable_by_their_owner_only(server: LocalPostgres, processes: Processes) -> None:
    server.start()
    assert (processes.state / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert not list((processes.state / "postgres").glob("*.password"))
