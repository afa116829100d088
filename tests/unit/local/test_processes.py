from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from include.local.processes import Command, Processes

SLEEP = "import time; time.sleep(60)"
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {SLEEP}"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path)
    yield found
    found.stop(["child"], timeout_seconds=0)


def command(processes: Processes, code: str, name: str = "child") -> Command:
    return Command(name=name, argv=[sys.executable, "-c", code], env=dict(os.environ), cwd=processes.state)


def pid_of(processes: Processes, name: str = "child") -> int:
    return int(json.loads((processes.state / "run" / f"{name}.json").read_text())["pid"])


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_output_goes_to_the_log(processes: Processes) -> None:
    processes.start(command(processes, "import sys; print('out', flush=True); sys.stderr.write('err')"))
    assert processes.wait("child", timeout_seconds=30) == 0
    assert processes.log_end("child") == "out\nerr"


def test_log_end_keeps_the_last_lines_only(processes: Processes) -> None:
    processes.start(command(processes, "print(*range(100), sep='\\n')"))
    processes.wait("child", timeout_seconds=30)
    assert processes.log_end("child", lines=2) == "98\n99"


def test_stop_ends_the_child_and_what_it_started(processes: Processes) -> None:
    processes.start(command(processes, FAMILY))
    leader = psutil.Process(pid_of(processes))
    assert eventually(lambda: bool(leader.children()))
    grandchild = leader.children()[0].pid

    processes.stop(["child"], timeout_seconds=5)

    assert not is_alive(leader.pid)
    assert not is_alive(grandchild)
    assert processes.names() == []


def test_stop_kills_a_child_that_does_not_listen(processes: Processes) -> None:
    processes.start(command(processes, STUBBORN))
    assert eventually(lambda: processes.log_end("child") == "deaf")
    pid = pid_of(processes)
    processes.stop(["child"], timeout_seconds=0.2)
    assert not is_alive(pid)


def test_an_ended_child_is_not_running(processes: Processes) -> None:
    processes.start(command(processes, "pass"))
    assert eventually(lambda: not processes.is_running("child"))


def test_a_later_launcher_finds_and_stops_the_child(processes: Processes) -> None:
    processes.start(command(processes, SLEEP))
    later = Processes(processes.state)
    assert later.is_running("child")
    pid = pid_of(processes)
    later.stop(["child"])
    assert not is_alive(pid)


def test_a_later_launcher_stops_orphans_of_a_killed_child(processes: Processes) -> None:
    processes.start(command(processes, FAMILY))
    leader = psutil.Process(pid_of(processes))
    assert eventually(lambda: bool(leader.children()))
    orphan = leader.children()[0].pid
    leader.kill()
    processes.wait("child", timeout_seconds=10)
    assert is_alive(orphan)

    Processes(processes.state).stop(["child"])

    assert not is_alive(orphan)


def test_a_stranger_with_the_recorded_number_is_left_alone(processes: Processes, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP], cwd=tmp_path, start_new_session=True) as stranger:
        record = tmp_path / "run" / "child.json"
        record.parent.mkdir()
        started = psutil.Process(stranger.pid).create_time() - 3600
        record.write_text(json.dumps({"pid": stranger.pid, "started": started, "stop_signal": 15}))

        assert not processes.is_running("child")
        processes.stop(["child"], timeout_seconds=1)

        survived = stranger.poll() is None
        stranger.kill()
    assert survived


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their launcher")
@pytest.mark.parametrize("outlive", [False, True], ids=["ends with it", "outlives it"])
def test_child_of_a_killed_launcher(tmp_path: Path, outlive: bool) -> None:
    script = (
        "import os, sys; from pathlib import Path; from include.local.processes import Command, Processes\n"
        f"p = Processes(Path({str(tmp_path)!r}), outlive_launcher={outlive})\n"
        f"p.start(Command('child', [sys.executable, '-c', {SLEEP!r}], dict(os.environ), p.state))\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    launcher = subprocess.run([sys.executable, "-c", script], env=env, check=False)
    later = Processes(tmp_path)
    pid = pid_of(later)
    try:
        assert launcher.returncode == -signal.SIGKILL
        if outlive:
            assert is_alive(pid)
        else:
            assert eventually(lambda: not is_alive(pid), 5)
    finally:
        later.stop(["child"])
