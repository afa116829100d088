from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from include.adapters.work_folders import work_folder
from tests.support.killing import ROOT

DYING = """
import os, signal, sys
from pathlib import Path
from include.adapters.work_folders import work_folder
with work_folder(Path(sys.argv[1]), "snapshot-") as folder:
    (folder / "big").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_is_gone_after_its_block(tmp_path: Path) -> None:
    with work_folder(tmp_path / "work", "snapshot-") as folder:
        (folder / "file").write_text("x")
    assert list((tmp_path / "work").iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    (left,) = tmp_path.iterdir()
    with work_folder(tmp_path, "snapshot-") as folder:
        assert list(tmp_path.iterdir()) == [folder]
        assert folder != left


def test_a_folder_in_use_stays(tmp_path: Path) -> None:
    with work_folder(tmp_path, "snapshot-") as first, work_folder(tmp_path, "snapshot-") as second:
        assert {first, second} == set(tmp_path.iterdir())


def test_folders_of_other_kinds_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "model-1").mkdir()
    with work_folder(tmp_path, "snapshot-"):
        assert (tmp_path / "model-1").is_dir()
