from __future__ import annotations

from pathlib import Path

import pytest

from include.errors import ConcurrentWriteError
from include.local.stack import PROCESSES, LocalStack

ROOT = Path(__file__).parents[3]


def test_a_folder_nothing_runs_over_has_no_running_process(tmp_path: Path) -> None:
    assert LocalStack(ROOT, tmp_path).status() == dict.fromkeys(PROCESSES, False)


def test_one_launcher_cannot_stop_what_another_works_with(tmp_path: Path) -> None:
    with LocalStack(ROOT, tmp_path) as first:
        first.stop()  # takes the folder
        with pytest.raises(ConcurrentWriteError, match="works with this state folder"):
            LocalStack(ROOT, tmp_path).stop()


def test_the_folder_is_free_after_the_block(tmp_path: Path) -> None:
    with LocalStack(ROOT, tmp_path) as first:
        first.stop()
    with LocalStack(ROOT, tmp_path) as second:
        second.stop()
