"""A history load killed with SIGKILL, again and again, ends as if it had never been disturbed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from include.settings import Settings
from include.steps import load_history
from tests.support.sources import all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs

pytestmark = pytest.mark.faults

FIRST = date(2017, 2, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]
PATIENCE_SECONDS = 60

DRIVER = """
import sys
from datetime import date
from pathlib import Path
from include.steps import load_history
from tests.support.sources import inn_settings, stays_specs

root, url, first, last = sys.argv[1:]
load_history.CHUNK_DAYS = 5
settings = inn_settings(Path(root), url)
days = date.fromisoformat(first), date.fromisoformat(last)
load_history.run(settings, stays_specs(), "stays", *days)
"""


def manifests(settings: Settings, side: str) -> int:
    return len(list(settings.lake_root.glob(f"stays/*/{side}/0001.json")))


def kill_once_written(root: Path, url: str, side: str, count: int) -> None:
    """Start a load and kill it as soon as it has recorded `count` partitions on one side of the lake."""
    settings = inn_settings(root, url)
    arguments = [str(root), url, str(DAYS[0]), str(DAYS[-1])]
    load = subprocess.Popen([sys.executable, "-c", DRIVER, *arguments], stderr=subprocess.PIPE)
    deadline = monotonic() + PATIENCE_SECONDS
    while manifests(settings, side) < count and load.poll() is None and monotonic() < deadline:
        sleep(0.001)
    load.kill()
    _, problems = load.communicate()
    assert load.returncode == -9, problems.decode()


def test_a_load_killed_at_many_places_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    put_stays(url, [stay(n, day, price=20.0 * n) for day in DAYS for n in range(1, 8)])
    calm, killed = inn_settings(tmp_path / "calm", url), inn_settings(tmp_path / "killed", url)
    for side, count in [("raw", 2), ("clean", 3), ("raw", 14), ("clean", 23)]:
        kill_once_written(tmp_path / "killed", url, side, count)
    assert 23 <= manifests(killed, "clean") < len(DAYS)

    for settings in (killed, calm):
        load_history.run(settings, stays_specs(), "stays", DAYS[0], DAYS[-1])
    for root in (killed.lake_root, killed.reports_root):
        for leftover in root.rglob(".*.tmp"):
            leftover.unlink()
    assert all_files(killed.lake_root) == all_files(calm.lake_root)
    assert all_files(killed.reports_root) == all_files(calm.reports_root)
