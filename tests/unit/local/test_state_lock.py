from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.errors import ConcurrentWriteError
from include.local.state_lock import StateLock


def test_second_launcher_is_told_who_has_the_folder(tmp_path: Path) -> None:
    first, second = StateLock(tmp_path / "lock"), StateLock(tmp_path / "lock")
    first.acquire()
    with pytest.raises(ConcurrentWriteError, match=f"process {os.getpid()} works"):
        second.acquire()
    first.release()


def test_lock_can_be_taken_after_its_release(tmp_path: Path) -> None:
    first, second = StateLock(tmp_path / "lock"), StateLock(tmp_path / "lock")
    first.acquire()
    first.release()
    second.acquire()
    second.release()


def test_taking_the_own_lock_again_is_fine(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "lock")
    lock.acquire()
    lock.acquire()
    lock.release()


def test_children_do_not_hold_the_lock_of_their_launcher(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "lock")
    lock.acquire()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=True) as child:
        lock.release()
        try:
            again = StateLock(tmp_path / "lock")
            again.acquire()
            again.release()
        finally:
            child.kill()
