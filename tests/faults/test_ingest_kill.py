"""An ingest killed with SIGKILL at any moment is repeated, and the lake is as if nothing had happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from include.adapters.lake import Lake
from include.settings import Settings
from include.steps import ingest_partition
from tests.faults.ingest_driver import MOMENTS, OVERTAKEN
from tests.support.killing import start_driver
from tests.support.sources import DAY, all_files, inn_settings, put_stays, sqlite_url, stay, stays_specs

pytestmark = pytest.mark.faults

DRIVER = Path(__file__).with_name("ingest_driver.py")
ROWS = 100


def first_rows() -> list[dict[str, Any]]:
    return [stay(n * 37 % ROWS, guest=f"guest {n}") for n in range(ROWS)]


def second_rows() -> list[dict[str, Any]]:
    return [*first_rows()[5:], stay(500), {**first_rows()[0], "price": 1.0}]


def ingest(settings: Settings) -> None:
    ingest_partition.run(settings, stays_specs(), "stays", DAY)


def given(settings: Settings) -> dict[str, Any]:
    connections = {name: url.get_secret_value() for name, url in settings.connections.items()}
    return {**settings.model_dump(mode="json"), "connections": connections}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path)


@pytest.fixture
def calm(tmp_path: Path, url: str) -> Settings:
    """A lake with two revisions of one partition, never disturbed; the source holds the second."""
    settings = inn_settings(tmp_path / "calm", url)
    put_stays(url, first_rows())
    ingest(settings)
    shutil.copytree(settings.lake_root, tmp_path / "killed" / "lake")
    put_stays(url, second_rows())
    ingest(settings)
    return settings


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_ingest_killed_at_any_moment_is_repeated_to_the_same_bytes(
    tmp_path: Path, url: str, calm: Settings, moment: str
) -> None:
    killed = inn_settings(tmp_path / "killed", url)
    process = start_driver(DRIVER, moment, given(killed))
    _, problems = process.communicate(timeout=120)
    assert process.returncode == -9, problems

    manifest = Lake(killed.lake_root).raw_manifest("stays", DAY)
    assert manifest is not None
    assert manifest.revision == (2 if moment == "after the manifest" else 1)
    assert Lake(killed.lake_root).read_raw(manifest).num_rows == manifest.rows
    ingest(killed)
    for leftover in killed.lake_root.rglob(".*.tmp"):
        leftover.unlink()
    assert all_files(killed.lake_root) == all_files(calm.lake_root)


def test_two_ingests_of_one_partition_at_once_make_one_revision(
    tmp_path: Path, url: str, calm: Settings
) -> None:
    both = inn_settings(tmp_path / "killed", url)
    processes = [start_driver(DRIVER, "never", given(both)) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in processes]
    codes = [process.returncode for process in processes]
    assert set(codes) <= {0, OVERTAKEN}, [problems for _, problems in answers]
    assert 0 in codes
    assert {json.loads(said)["revision"] for said, _ in answers if said} == {2}
    assert all_files(both.lake_root) == all_files(calm.lake_root)
    assert all_files(both.work_root) == {}
