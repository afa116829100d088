from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.errors import SourceUnavailableError
from include.local.health import answers, wait_until_healthy
from include.local.ports import LOOPBACK, free_port
from include.local.processes import Command, Processes


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path)
    yield found
    found.stop(["server"], timeout_seconds=1)


def start(processes: Processes, *arguments: str) -> None:
    argv = [sys.executable, *arguments]
    processes.start(Command(name="server", argv=argv, env=dict(os.environ), cwd=processes.state))


def test_waits_for_a_real_answer(processes: Processes) -> None:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/"
    assert not answers(url)
    start(processes, "-m", "http.server", "--bind", LOOPBACK, str(port))
    wait_until_healthy(processes, ["server"], lambda: answers(url), timeout_seconds=30)
    assert answers(url)


def test_an_answer_other_than_200_is_not_healthy(processes: Processes) -> None:
    port = free_port()
    start(processes, "-m", "http.server", "--bind", LOOPBACK, str(port))
    root = f"http://{LOOPBACK}:{port}/"
    wait_until_healthy(processes, ["server"], lambda: answers(root), timeout_seconds=30)
    assert not answers(f"{root}missing")


def test_a_process_that_ends_is_reported_with_its_last_words(processes: Processes) -> None:
    start(processes, "-c", "raise SystemExit('port is taken')")
    with pytest.raises(SourceUnavailableError, match=r"ended at its start(.|\n)*port is taken"):
        wait_until_healthy(processes, ["server"], lambda: False, timeout_seconds=30)


def test_patience_ends(processes: Processes) -> None:
    start(processes, "-c", "import time; print('still loading', flush=True); time.sleep(60)")
    with pytest.raises(SourceUnavailableError, match=r"no healthy answer after 2 s(.|\n)*still loading"):
        wait_until_healthy(processes, ["server"], lambda: False, timeout_seconds=2)
